"""A letter with everything in it, for the tests of this folder."""

from __future__ import annotations

from datetime import date

from documents.letters import Addressee, Appeal, Letter, VerificationMark

CODE = "7K3QX-9M2PD-WT4GB-0ZHRE"
RARE = "髙橋 𠮷彦 﨑"


def full_letter(language: str = "ja") -> Letter:
    ja = language == "ja"
    return Letter(
        language=language,
        title="公園内行為許可書" if ja else "Permit for an act in a park",
        number="汐公2026-124",
        issued_on=date(2026, 4, 1),
        addressee=Addressee(name=RARE, postal_code="999-0001", address="汐見市浜通二丁目3番4号"),
        paragraphs=("次のとおり許可します。" if ja else "The act is permitted as follows.",),
        receipt_number="260401-7K3F9QXM",
        particulars=(
            ("公園の名称" if ja else "Park", "中央海浜公園"),
            ("行為の種類" if ja else "Act", "撮影 <b>&"),
        ),
        reason=("理由です。",),
        conditions=("公園施設を損傷しないこと。", "清掃すること。"),
        fee=(("撮影 160円 × 2台 × 2日", 640), ("減免", -160)),
        legal_basis=("汐見市都市公園条例第5条第1項",),
        remarks=("備考です。",),
        appeal=Appeal(authority="汐見市長", defendant="汐見市", representative="汐見市長"),
        verification=VerificationMark(url=f"https://shiomi.example/verify/{CODE}/", code=CODE),
    )
