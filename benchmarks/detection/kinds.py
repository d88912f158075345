"""The kinds of the score card: how they are made, written about, and called by each side."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.detection import credentials, money, people
from benchmarks.detection.values import Make


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    family: str
    """``digits``, ``mixed`` (letters and digits), ``address`` or ``secret``: what a disguise works on."""
    make: Make
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    """What it stands under in JSON."""
    after: tuple[str, ...] = ()
    """What follows a value and names it."""
    reported: tuple[str, ...] = ()
    """Other names of the kind in a report that count as right."""

    def is_reported_as(self, name: str) -> bool:
        """Whether ``name``, in singular or plural, is one of this kind's."""
        return name.removesuffix("s") in {other.removesuffix("s") for other in (self.name, *self.reported)}


KINDS = (
    Kind(
        "ssn",
        "digits",
        people.ssn,
        ("SSN", "Social Security Number", "social security no.", "social security #"),
        ("ssn", "SSN", "social_security_number", "socialSecurityNumber", "customerSSN"),
        ("is my social security number", "(SSN)"),
        ("us_ssn", "social_security_number"),
    ),
    Kind(
        "credit_card",
        "digits",
        money.credit_card,
        ("Card", "credit card number", "Visa/MC", "card no.", "PAN", "paid with credit card"),
        ("card_number", "cardNumber", "credit_card", "pan"),
        ("is the card on file", "(credit card)"),
        ("card",),
    ),
    Kind(
        "email",
        "address",
        people.email,
        ("E-mail", "email", "Mail", "contact", "mailto", "From"),
        ("email", "emailAddress", "contact_email", "user"),
        ("is my e-mail address", "(email)"),
        ("email_address",),
    ),
    Kind(
        "phone",
        "digits",
        people.phone,
        ("Phone", "Tel.", "telephone", "mobile", "Cell", "call me on", "fax"),
        ("phone", "phone_number", "mobilePhone", "telephone", "fax"),
        ("is my phone number", "(mobile)"),
        ("phone_number",),
    ),
    Kind(
        "ip_address",
        "digits",
        people.ip_address,
        ("IP", "client ip", "from host", "remote_addr", "X-Forwarded-For"),
        ("ip", "client_ip", "remoteAddress"),
        ("was the client's address",),
        ("ip", "ipv4", "ipv6", "ipv4_address", "ipv6_address"),
    ),
    Kind(
        "iban",
        "mixed",
        money.iban,
        ("IBAN", "account (IBAN)", "Bankverbindung", "transfer to"),
        ("iban", "IBAN", "account_iban"),
        ("is our IBAN",),
        ("bank_account", "iban_code"),
    ),
    Kind(
        "bank_account",
        "digits",
        money.bank_account,
        ("Account number", "acct #", "bank account", "Checking account no.", "account no."),
        ("account_number", "accountNumber", "bank_account", "acct_no"),
        ("is my account number", "(bank account)"),
        ("bank_routing", "routing_number", "account_number", "us_bank_number"),
    ),
    Kind(
        "date_of_birth",
        "digits",
        people.date_of_birth,
        ("DOB", "D.O.B.", "date of birth", "Born", "born on", "birth date", "Birthday"),
        ("dob", "date_of_birth", "dateOfBirth", "birthDate", "birthday"),
        ("is her date of birth", "(DOB)"),
        ("dob",),
    ),
    Kind(
        "passport",
        "mixed",
        people.passport,
        ("Passport", "passport number", "Passport No.", "passport #", "travelling on passport"),
        ("passport", "passport_number", "passportNo"),
        ("is my passport number", "(passport)"),
        ("passport_number",),
    ),
    Kind(
        "driver_license",
        "mixed",
        people.driver_license,
        ("Driver's license", "driver license number", "driving licence", "DL", "driver’s license no.", "DL#"),
        ("driver_license", "drivers_license_number", "driverLicense", "driving_licence"),
        ("is the driver's license number",),
        ("drivers_license", "driving_licence", "driver_licence", "us_driver_license"),
    ),
    Kind(
        "medical_record",
        "mixed",
        people.medical_record,
        ("MRN", "Medical Record Number", "medical record no.", "medical record #", "patient MRN"),
        ("mrn", "medical_record_number", "medicalRecordNumber", "patient_mrn"),
        ("is the patient's MRN", "(MRN)"),
        ("medical_record_number", "mrn"),
    ),
    Kind(
        "aws_keys",
        "secret",
        credentials.aws_keys,
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID", "access key", "AWS key"),
        ("AccessKeyId", "aws_access_key_id"),
        (),
        ("aws", "aws_access_key", "aws_secret", "aws_secret_key", "api_key"),
    ),
    Kind(
        "api_keys",
        "secret",
        credentials.api_keys,
        ("api_key", "token", "API key", "Authorization: Bearer", "secret"),
        ("api_key", "apiKey", "token", "access_token"),
        (),
        ("token", "jwt", "secret", "generic_api_key", "access_token", "aws_key"),
    ),
    Kind(
        "private_key",
        "secret",
        credentials.private_key,
        ("key", "PRIVATE_KEY", "private key", "id_rsa"),
        ("private_key", "privateKey", "key"),
        (),
        ("private_key_block", "pem"),
    ),
    Kind(
        "crypto_wallet",
        "secret",
        money.crypto_wallet,
        ("wallet", "BTC address", "send it to", "pay to", "ETH", "wallet address"),
        ("wallet", "walletAddress", "address"),
        ("is my wallet",),
        ("crypto", "wallet", "crypto_address", "bitcoin_address", "ethereum_address"),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
