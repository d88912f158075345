"""``gatehook serve``: the plugins of a config, for gateways that run plugins in processes of their own."""
