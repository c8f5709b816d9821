"""The four steps of the park use permit, by hand."""

from django import forms as django_forms
from django.core.validators import FileExtensionValidator, RegexValidator

ACT_TYPES = [("sale", "物品の販売"), ("photography", "業としての写真・映画の撮影"),
             ("show", "興行"), ("event", "競技会、集会、展示会などの催し")]  # fmt: skip
PARKS = [("central", "中央公園"), ("seaside", "海浜公園"), ("castle", "城址公園"),
         ("riverside", "河川敷緑地"), ("children", "児童公園")]  # fmt: skip


class ApplicantForm(django_forms.Form):
    title = "申請する方"
    name = django_forms.CharField(label="氏名", max_length=100)
    name_kana = django_forms.CharField(label="氏名（カナ）", max_length=100)
    date_of_birth = django_forms.DateField(label="生年月日")
    postal_code = django_forms.CharField(
        label="郵便番号",
        validators=[RegexValidator(r"^\d{3}-?\d{4}$", "7桁の数字で入力してください。")],
    )
    prefecture = django_forms.CharField(label="都道府県", max_length=10)
    city = django_forms.CharField(label="市区町村", max_length=40)
    street_address = django_forms.CharField(label="町名・番地", max_length=100)
    building = django_forms.CharField(label="建物名など", max_length=100, required=False)
    phone = django_forms.CharField(
        label="電話番号",
        help_text="日中に連絡できる番号",
        validators=[RegexValidator(r"^[0-9+()-]{9,20}$", "電話番号を確認してください。")],
    )
    email = django_forms.EmailField(label="メールアドレス")


class ActForm(django_forms.Form):
    title = "行為の内容"
    act_type = django_forms.ChoiceField(
        label="行為の種類", choices=ACT_TYPES, widget=django_forms.RadioSelect
    )
    purpose = django_forms.CharField(
        label="目的", widget=django_forms.Textarea(attrs={"rows": 4}), max_length=1000
    )
    goods = django_forms.CharField(label="販売する物", max_length=200, required=False)
    price = django_forms.IntegerField(label="価格（円）", min_value=0, required=False)
    cameras = django_forms.IntegerField(label="カメラの台数", min_value=1, required=False)
    crew = django_forms.IntegerField(label="撮影の人数", min_value=1, required=False)
    capacity = django_forms.IntegerField(label="予定人数", min_value=1, required=False)
    equipment = django_forms.CharField(label="設置する物", max_length=200, required=False)
    site_manager = django_forms.CharField(label="現場責任者", max_length=100, required=False)

    NEEDED = {
        "sale": ("goods", "price"),
        "photography": ("cameras", "crew"),
        "show": ("capacity", "site_manager"),
        "event": ("capacity", "site_manager"),
    }

    def clean(self):
        cleaned = super().clean()
        for name in self.NEEDED.get(cleaned.get("act_type", ""), ()):
            if cleaned.get(name) in (None, ""):
                self.add_error(name, "この項目は必須です。")
        return cleaned


class PlaceForm(django_forms.Form):
    title = "場所と日時"
    park = django_forms.ChoiceField(label="公園", choices=PARKS)
    place = django_forms.CharField(label="公園内の場所", max_length=200)
    area_m2 = django_forms.DecimalField(label="面積（㎡）", min_value=0, decimal_places=1)
    use_from = django_forms.DateField(label="使用開始日")
    use_to = django_forms.DateField(label="使用終了日")
    hours = django_forms.CharField(label="時間", max_length=100)
    site_plan = django_forms.FileField(
        label="位置図",
        required=False,
        validators=[FileExtensionValidator(["pdf", "png", "jpg", "jpeg"])],
    )

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("use_from"), cleaned.get("use_to")
        if first and last and last < first:
            self.add_error("use_to", "開始日より後の日にしてください。")
        return cleaned


class DeclarationForm(django_forms.Form):
    title = "減免と誓約"
    fee_waiver = django_forms.ChoiceField(
        label="使用料の減免を申請しますか", choices=[("no", "いいえ"), ("yes", "はい")],
        widget=django_forms.RadioSelect,
    )  # fmt: skip
    fee_waiver_reason = django_forms.CharField(
        label="減免の理由", required=False, widget=django_forms.Textarea(attrs={"rows": 3})
    )
    uses_fire = django_forms.ChoiceField(
        label="火気を使いますか", choices=[("no", "いいえ"), ("yes", "はい")],
        widget=django_forms.RadioSelect,
    )  # fmt: skip
    declaration = django_forms.BooleanField(label="条例と許可の条件を守ることを誓約します")


STEPS = {
    "applicant": ApplicantForm,
    "act": ActForm,
    "place": PlaceForm,
    "declaration": DeclarationForm,
}
