"""Texts of machines and of people that hold signs, words and numbers of personal data, and none of it."""

from __future__ import annotations

import base64

from benchmarks.detection.dice import ALNUM, HEX, LOWER, Dice


def any_base64(dice: Dice) -> str:
    data = base64.b64encode(dice.bytes(dice.number(60, 900))).decode()
    return dice.pick(
        (
            f"data:image/png;base64,iVBORw0KGgo{data}",
            f'<img src="data:image/jpeg;base64,/9j/{data}">',
            f"url(data:font/woff2;base64,{data})",
            f'{{"type": "image", "mimeType": "image/png", "data": "{data}"}}',
            "-----BEGIN CERTIFICATE-----\n"
            + "\n".join(data[at : at + 64] for at in range(0, len(data), 64))
            + "\n-----END CERTIFICATE-----",
            f"sha512-{data[:86]}==",
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{data[:43]}",
        )
    )


def url(dice: Dice) -> str:
    slug = "-".join(dice.faker.words(dice.number(2, 5)))
    number = dice.digits(dice.pick((6, 8, 9, 10, 13)))
    return dice.pick(
        (
            f"https://www.example.com/{slug}-{number}.html",
            f"https://shop.example.org/p/{number}?ref={dice.chars(ALNUM, 8)}&page=2",
            f"https://youtu.be/{dice.chars(ALNUM, 11)}",
            f"https://example.com/a/{dice.chars(ALNUM, 22)}/edit#gid={number}",
            f"s3://bucket-{dice.digits(4)}/logs/2026/03/14/part-{dice.digits(5)}-{dice.chars(HEX, 8)}.parquet",
            f"/var/lib/{slug}/{number}/data.bin",
            f"C:\\Users\\Public\\{slug}_{number}.log",
            f"https://x.example.com/status/{dice.number(10**18, 2 * 10**18)}",
            f"git@github.com:acme/{slug}.git",
            f"http://localhost:{dice.number(1024, 65535)}/health",
            f"./node_modules/{slug}/dist/index.{dice.chars(HEX, 8)}.js",
        )
    )


def code(dice: Dice) -> str:
    name, number = dice.faker.word(), dice.digits(dice.number(6, 12))
    return dice.pick(
        (
            f"def {name}(n):\n    return n % {number} == 0x{dice.chars(HEX, 8)}",
            f"const {name.upper()}_MAX = {number}; // see #{dice.digits(4)}",
            f"SELECT * FROM {name}s WHERE id IN ({number}, {dice.digits(9)});",  # noqa: S608  # a text, run by nobody
            f"for (int i = 0; i < {number}; i++) a[i] ^= 0x{dice.chars(HEX, 16)}UL;",
            f"std::{name}::{dice.faker.word()}::from(a::b)",
            f"random.seed({number})",
            f"assert {name}[{dice.digits(3)}:{dice.digits(4)}:{dice.number(2, 9)}] == []",
            f"{name} = os.environ['API_KEY']  # never the key itself",
            f"password = getpass('{name}: ')",
            f"api_key: ${{{name.upper()}_API_KEY}}",
            "token = request.headers.get('Authorization')",
            f"if (token === undefined) throw new Error('no token for {name}')",
            f"secretKeyRef: {{name: {name}-credentials-production, key: password}}",
            f"class Test{name.title()}AccountNumberValidatorFactoryBean extends AbstractBase",
            f"print(f'{{{name}:>10.3f}}')",
            f"chmod 0644 {name}.py && kill -9 {dice.digits(5)}",
        )
    )


def at_sign(dice: Dice) -> str:
    name, other = dice.faker.word(), dice.faker.word()
    version = dice.fill("#.%#.#")
    return dice.pick(
        (
            f"@{name}.{other}\ndef test(): ...",
            f"@app.get('/{name}')",
            f"pip install {name}@git+https://github.com/acme/{name}",
            f"npm i @{name}/{other}@{version}",
            f"thanks @{name}_{other}!",
            f"ssh {name}@{other}",
            f"{name}@{version}",
            f"@{name}: see above",
            f"uses: actions/{name}@v4",
            f"{name}@localhost:5432",
            f"docker pull acme/{name}@sha256:{dice.chars(HEX, 64)}",
            f"matrix @ vector = {name}@{other}",
            f"a[:, None]@b.T  # {name}",
            f"postgres://{name}@db:5432/{other}",
            f"{name} @ {other} 3.5% ABV",
            f"dog@{dice.digits(2)} kg",
            f"yarn add {name}@next",
            f"follow @{name}.{other} there",
        )
    )


def near_words(dice: Dice) -> str:
    """Words that hold a context word, or mean another thing, beside a number."""
    number, mixed, eight = (
        dice.digits(dice.pick((6, 8, 9))),
        dice.fill(dice.pick(("@#######", "@@######", "@########"))),
        dice.digits(8),
    )
    return dice.pick(
        (
            f"applicability: {eight}",
            f"click here {mixed}",
            f"Scunthorpe {eight}",
            f"DL {dice.number(1, 99)} Mbit/s, UL {dice.number(1, 50)} Mbit/s",
            f"the accounting period {eight}",
            f"accounted for {number} of the rows",
            f"the license header of file {mixed} is missing",
            f"MIT License, revision {number}",
            f"passporting rules, case {mixed}",
            f"stubborn {dice.number(1950, 2020)}",
            f"born in Leeds, he moved in {dice.number(1950, 2020)}",
            f"airborne since 01/02/{dice.number(1990, 2020)}",
            f"password reset page, build {number}",
            f"smartphone model {number}",
            f"headphones {dice.fill('###-###-####')}X are sold out",
            f"cell B{dice.number(1, 99)} holds {number}",
            f"cancelled {dice.digits(10)} rows",
            f"telescope catalogue no. {dice.digits(10)}",
            f"cardinality {dice.digits(16)}",
            f"discard {dice.digits(15)} of them",
            f"tokenizer vocabulary {dice.chars(LOWER, 8)}",
            f"shipping zone {mixed}",
            f"panel {dice.digits(16)}",
            f"medical supplies, order {eight}",
            f"the medical record player broke, model {number}",
            f"on account of {number} complaints",
            "a medical record player",
            f"for the record: {eight} voters",
            f"routinely {dice.digits(9)} a day",
            f"keyboard layout {mixed}",
            f"the monkey: {dice.chars(LOWER, 24)}",
            f"account manager of {number} customers",
            f"telemetry {dice.digits(10)}",
        )
    )


def log(dice: Dice) -> str:
    pid, port = dice.number(100, 4_194_304), dice.number(1024, 65535)
    return dice.pick(
        (
            dice.fill("Mar 14 09:12:%# host kernel: [#####.######] usb 1-1.%: new device number %#"),
            f"I0314 09:12:33.{dice.digits(6)} {pid:>7} main.cc:{dice.digits(3)}] done",
            f"[{pid}] worker 10 exited, {dice.digits(10)} bytes, port {port}",
            f"2026-03-14 09:12:33.{dice.digits(3)} [thread-{dice.number(1, 99)}] DEBUG took {dice.digits(8)} ns",
            f"gc: {dice.digits(9)} -> {dice.digits(8)} ({dice.digits(10)})",
            f"pid={pid} tid={dice.digits(15)} cpu={dice.digits(2)}.{dice.digits(2)}",
            f"at 0x{dice.chars(HEX, 12)} in main+0x{dice.chars(HEX, 3)}",
            f"block {dice.digits(16)} size {dice.digits(9)}",
            f"09:12:33:{dice.digits(3)} frame {dice.digits(6)} pts {dice.digits(12)}",
            f"uid={dice.digits(4)} gid={dice.digits(4)} inode {dice.digits(10)}",
        )
    )
