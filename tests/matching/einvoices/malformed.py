"""Broken and hostile variants of sound files, the same ones for the same number every time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]


def flipped(content: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def without_a_part(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randint(1, 2_000) :]


def part_twice(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    end = start + chance.randint(1, 2_000)
    return content[:end] + content[start:end] * chance.randint(1, 5) + content[end:]


def figures_replaced(content: bytes, chance: random.Random) -> bytes:
    """Another text in place of one figure or code: beyond any column, no number, no text at all."""
    texts = (
        b"", b"-1", b"1e400", b"NaN", b"Infinity", b"9" * 40, b"0." + b"1" * 40, b"0x1F", b"1,5",
        b"\xd9\xa1", b"9999999999999999", b"-0.0000001", b"2026-13-45", b"../../etc/passwd",
        b"=1+1", b"'; DROP TABLE x", b"&#x1F4A3;", b"A" * 5_000, b"+" * 100,
    )  # fmt: skip
    spoiled = content
    for _ in range(chance.randint(1, 6)):
        start = spoiled.find(b">", chance.randrange(len(spoiled)))
        end = spoiled.find(b"<", start)
        if 0 <= start < end:
            spoiled = spoiled[: start + 1] + chance.choice(texts) + spoiled[end:]
    return spoiled


def other_encoding(content: bytes, chance: random.Random) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content[::-1]
    encoding = chance.choice(["utf-16", "utf-32", "utf-7", "cp500", "latin-1"])
    if chance.random() < 0.5:
        named = chance.choice(["UTF-16", "nonsense", "EBCDIC-CP-DE", "UTF-7", ""])
        text = text.replace('encoding="UTF-8"', f'encoding="{named}"').replace(
            "encoding='UTF-8'", f"encoding='{named}'"
        )
    return text.encode(encoding, "replace")


def declared(content: bytes, chance: random.Random) -> bytes:
    """A DOCTYPE of the known attacks, put before the root."""
    entities = chance.choice(
        [
            b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
            b'<!ENTITY x SYSTEM "file:///etc/passwd">',
            b'<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;',
            b"",
        ]
    )
    at = content.find(b"?>") + 2
    return content[:at] + b"<!DOCTYPE x [" + entities + b"]>" + content[at:]


def nested(content: bytes, chance: random.Random) -> bytes:
    depth = chance.choice([200, 300, 5_000])
    at = content.find(b"<c", len(content) // 3)
    return content[:at] + b"<a>" * depth + b"</a>" * depth + content[at:]


def large_attributes(content: bytes, chance: random.Random) -> bytes:
    at = content.find(b"<c")
    end = content.find(b">", at)
    many = b"".join(b' a%d="%s"' % (n, b"x" * 100) for n in range(chance.choice([1, 1_000])))
    one = b' big="' + b"x" * chance.choice([10, 200_000]) + b'"'
    return content[:end] + many + one + content[end:]


def zeros(content: bytes, chance: random.Random) -> bytes:
    return content[:100] + b"\0" * chance.randint(1, 1_000) + content[100:]


def noise(content: bytes, chance: random.Random) -> bytes:
    start = chance.choice([b"", b"%PDF-1.7\n", b"<?xml version='1.0'?>", b"\xef\xbb\xbf<"])
    return start + chance.randbytes(chance.randint(0, 3_000))


MUTATIONS: tuple[Mutation, ...] = (
    flipped, cut, without_a_part, part_twice, figures_replaced, figures_replaced, other_encoding,
    declared, nested, large_attributes, zeros, noise,
)  # fmt: skip


def malformed(number: int, sound: list[bytes]) -> tuple[str, bytes]:
    """The variant of this number: which mutation made it, and the file."""
    chance = random.Random(number)
    mutation: Any = MUTATIONS[number % len(MUTATIONS)]
    content = mutation(sound[number // len(MUTATIONS) % len(sound)], chance)
    if chance.random() < 0.2:
        content = chance.choice(MUTATIONS)(content or b"<c>", chance)
    return mutation.__name__, content
