"""Files of a bank, as banks write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


def day(on: date, *, era: bool = True) -> str:
    return f"{on.year - 2018 if era else on.year % 100:02d}{on:%m%d}"


def _c(text: str, width: int) -> bytes:
    written = text.encode("cp932")
    assert len(written) <= width, text
    return written.ljust(width)


def _n(number: int, width: int) -> bytes:
    return f"{number:0{width}d}".encode()


@dataclass(frozen=True)
class Transfer:
    on: date
    amount: int
    payer: str
    reference: int = 0
    outgoing: bool = False
    edi: str = ""
    cancelled: bool = False


def zengin_03(
    transfers: list[Transfer], *, end: bytes = b"\r\n", era: bool = True, account: int = 1234567
) -> bytes:
    """入出金取引明細."""
    first = min(each.on for each in transfers)
    last = max(each.on for each in transfers)
    records = [
        b"1030" + "".join(day(d, era=era) for d in (last, first, last)).encode()
        + b"0149" + _c("ｼｵﾐ", 15) + b"001" + _c("ﾎﾝﾃﾝ", 15) + b"0001" + _n(account, 10)
        + _c("ｼｵﾐｼ ｶｲｹｲｶﾝﾘｼﾔ", 40) + b"11" + _n(0, 14) + b" " * 71
    ]  # fmt: skip
    records += [
        b"2" + _n(each.reference, 8) + day(each.on, era=era).encode() * 2
        + (b"2" if each.outgoing else b"1") + (b"19" if each.cancelled else b"11")
        + _n(each.amount, 12) + _n(0, 12) + b"0" * 12 + b"0" + b"0" * 7 + b"000" + b"0" * 10
        + _c(each.payer, 48) + _c("", 15) + _c("", 15) + _c("ﾌﾘｺﾐ", 20) + _c(each.edi, 20) + b" "
        for each in transfers
    ]  # fmt: skip
    came = [each.amount for each in transfers if not each.outgoing]
    went = [each.amount for each in transfers if each.outgoing]
    records.append(
        b"8" + _n(len(came), 6) + _n(sum(came), 13) + _n(len(went), 6) + _n(sum(went), 13)
        + b"1" + _n(0, 14) + _n(len(transfers), 7) + b" " * 139
    )  # fmt: skip
    records.append(b"9" + _n(len(transfers) + 3, 10) + _n(1, 5) + b" " * 184)
    assert {len(record) for record in records} == {200}
    return end.join(records) + end


def zengin_01(transfers: list[Transfer], *, end: bytes = b"") -> bytes:
    """振込入金通知."""
    on = day(transfers[0].on).encode()
    records = [
        b"1010" + on * 3 + b"0149" + _c("ｼｵﾐ", 15) + b"001" + _c("ﾎﾝﾃﾝ", 15) + b"1"
        + _n(1234567, 7) + _c("ｼｵﾐｼ", 40) + b" " * 93
    ]  # fmt: skip
    records += [
        b"2" + _n(each.reference, 6) + day(each.on).encode() * 2 + _n(each.amount, 10) + _n(0, 10)
        + b"0" * 10 + _c(each.payer, 48) + _c("", 15) + _c("", 15)
        + (b"1" if each.cancelled else b" ") + _c(each.edi, 20) + b" " * 52
        for each in transfers
    ]  # fmt: skip
    kept = [each.amount for each in transfers if not each.cancelled]
    gone = [each.amount for each in transfers if each.cancelled]
    records.append(
        b"8" + _n(len(kept), 6) + _n(sum(kept), 12) + _n(len(gone), 6) + _n(sum(gone), 12)
        + b" " * 163
    )  # fmt: skip
    records.append(b"9" + b" " * 199)
    assert {len(record) for record in records} == {200}
    return end.join(records) + end


def table(rows: list[tuple[str, str, str, str]], *, encoding: str = "cp932") -> bytes:
    """A CSV with the headings that are usual: day, out, in, remark."""
    lines = ["日付,出金,入金,摘要", *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    return "\r\n".join(lines).encode(encoding)
