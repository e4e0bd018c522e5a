"""The only home of sealed contacts: encrypted with the chain's seal key, opened for a recall, gone after their day."""

import os
from datetime import date
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lotwise.sales.domain.member_refusals import SealBroken
from lotwise.sales.domain.members import Contact, Member

NONCE_BYTES = 12


class Seal:
    """Closes and opens contacts with a key made of a secret; each box belongs to one member."""

    def __init__(self, secret: str) -> None:
        self._box = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"lotwise sealed contacts").derive(secret.encode()))

    def close(self, member: Member) -> bytes:
        """The contact of a member, encrypted."""
        nonce = os.urandom(NONCE_BYTES)
        text = orjson.dumps([member.name, member.phone, member.email])
        return nonce + self._box.encrypt(nonce, text, member.member_id.bytes)

    def open(self, member_id: UUID, box: bytes, keep_until: date) -> Contact:
        """The contact in a box. Raises SealBroken when it was sealed with another key."""
        try:
            text = self._box.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], member_id.bytes)
        except InvalidTag:
            raise SealBroken(
                "it was sealed with another key", ways_out=("set SALES_SEAL_KEY to the key of that time",)
            ) from None
        name, phone, email = orjson.loads(text)
        return Contact(name, phone, email, keep_until)
