"""Plugins that ask a service over HTTP."""

from gatehook_external_http.http_guard import HTTPGuardPlugin
from gatehook_external_http.llama_guard import LlamaGuardPlugin
from gatehook_external_http.opa import OPAPlugin
from gatehook_external_http.openai_moderation import OpenAIModerationPlugin

__all__ = ["HTTPGuardPlugin", "LlamaGuardPlugin", "OPAPlugin", "OpenAIModerationPlugin"]
