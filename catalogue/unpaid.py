"""What becomes of a fee that nobody pays, as data: nothing expires silently."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Unpaid(BaseModel):
    """``unpaid`` of ``fees.yaml``; days are calendar days unless said otherwise.

    Before the due date the payer is reminded, after it they get a demand (督促: within 20 days of
    the due date, 地方自治法231条の3第1項). With ``then: lapse`` the case ends `lapse_days` after
    the due date, by the workflow's move ``lapse``: what was approved is not issued.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Working days to pay, from the notice.
    days_to_pay: int = Field(default=10, ge=1, le=90)
    remind_days: int = Field(default=3, ge=0, le=30)
    demand_days: int = Field(default=7, ge=1, le=20)
    then: Literal["keep", "lapse"] = "keep"
    lapse_days: int = Field(default=30, ge=1, le=365)

    @model_validator(mode="after")
    def _in_order(self) -> Unpaid:
        if self.then == "lapse" and self.lapse_days <= self.demand_days:
            raise ValueError("lapse_days: nothing lapses before the demand (demand_days)")
        return self
