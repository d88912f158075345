"""Check digits and checksums, written here apart from the libraries that detectors use."""

import zlib
from hashlib import sha256

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def luhn(digits: str) -> str:
    """The digit that makes ``digits`` valid (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (2 - place % 2)
        total += doubled - 9 * (doubled > 9)
    return str(-total % 10)


def weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    """What is missing to a multiple of ``modulus``; the weights repeat."""
    return -sum(int(char) * weights[place % len(weights)] for place, char in enumerate(digits)) % modulus


def ean(digits: str) -> str:
    """The last digit of an EAN-13 (and ISBN-13) whose first twelve are given."""
    return str(weighted(digits, (1, 3), 10))


def isbn10(digits: str) -> str:
    return "0123456789X"[weighted(digits, (10, 9, 8, 7, 6, 5, 4, 3, 2), 11)]


def routing(digits: str) -> str:
    """The ninth digit of an ABA routing number."""
    return str(weighted(digits, (3, 7, 1), 10))


def iban(country: str, account: str) -> str:
    """The account with its country and check digits (ISO 13616, ISO 7064 mod 97-10)."""
    number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def base62_crc32(text: str) -> str:
    """The six characters at the end of GitHub's and npm's tokens."""
    value, digits = zlib.crc32(text.encode()), ""
    while value:
        value, place = divmod(value, 62)
        digits = BASE62[place] + digits
    return digits.rjust(6, "0")


def base58check(payload: bytes) -> str:
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    value, text = int.from_bytes(data), ""
    while value:
        value, place = divmod(value, 58)
        text = BASE58[place] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def segwit(version: int, program: bytes) -> str:
    """A Bitcoin address in bech32 (BIP 173) or, from version 1 on, bech32m (BIP 350)."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    words = [version, *(int(bits[start : start + 5], 2) for start in range(0, len(bits), 5))]
    constant = 0x2BC830A3 if version else 1
    check = _polymod([3, 3, 0, 2, 3, *words, 0, 0, 0, 0, 0, 0]) ^ constant  # "bc", spread as BIP 173 says
    words += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return "bc1" + "".join(BECH32[word] for word in words)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term * (top >> place & 1)
    return check


def ethereum(address: bytes) -> str:
    """An address in the mixed case that is its checksum (EIP-55)."""
    text = address.hex()
    digest = keccak256(text.encode()).hex()
    return "0x" + "".join(
        char.upper() if int(mark, 16) > 7 else char for char, mark in zip(text, digest[:40], strict=True)
    )


# -- Keccak-256 as Ethereum uses it: hashlib has only SHA-3, which pads otherwise.

_LANES, _MASK = range(5), (1 << 64) - 1


def keccak256(message: bytes) -> bytes:
    rate = 136
    padded = bytearray(message) + b"\x01" + bytes(-(len(message) + 1) % rate)
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in _LANES]
    for start in range(0, len(padded), rate):
        for place in range(rate // 8):
            at = start + place * 8
            lanes[place % 5][place // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        _permute(lanes)
    return b"".join(lanes[place][0].to_bytes(8, "little") for place in range(4))


def _permute(a: list[list[int]]) -> None:
    register = 1
    for _ in range(24):
        columns = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in _LANES]
        for x in _LANES:
            mixed = columns[x - 1] ^ _rotate(columns[(x + 1) % 5], 1)
            a[x] = [lane ^ mixed for lane in a[x]]
        x, y, current = 1, 0, a[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, a[x][y] = a[x][y], _rotate(current, (step + 1) * (step + 2) // 2)
        for y in _LANES:
            row = [a[x][y] for x in _LANES]
            for x in _LANES:
                a[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for place in range(7):
            register = (register << 1 ^ (register >> 7) * 0x171) & 0xFF
            if register & 2:
                a[0][0] ^= 1 << ((1 << place) - 1)


def _rotate(lane: int, by: int) -> int:
    by %= 64
    return (lane << by | lane >> (64 - by)) & _MASK
