"""The five steps of ``services/permits/park_use``, by hand: the same questions."""

from django import forms as django_forms
from django.core.validators import FileExtensionValidator, RegexValidator
from django.utils import timezone

YES_NO = [("yes", "はい"), ("no", "いいえ")]
ACT_TYPES = [("sale", "販売"), ("photography", "撮影"), ("show", "興行"), ("event", "催し")]
PARKS = [("central", "中央公園"), ("riverside", "河川敷公園"), ("hillside", "山の手公園")]
EQUIPMENT = [
    ("tent", "テント・舞台"),
    ("vehicle", "車両"),
    ("loudspeaker", "拡声器・音響設備"),
    ("generator", "発電機"),
    ("fire", "火を使う器具"),
]
WAIVER_REASONS = [
    ("public", "国や地方公共団体の行事"),
    ("education", "学校・保育所などの教育活動"),
    ("community", "自治会など地域の活動"),
    ("other", "その他"),
]
PHONE = RegexValidator(r"^[0-9+()-]{9,20}$", "電話番号を確認してください。")
POSTAL_CODE = RegexValidator(r"^\d{3}-?\d{4}$", "7桁の数字で入力してください。")
FILES = FileExtensionValidator(["pdf", "png", "jpg", "jpeg"])
REQUIRED = "この項目は必須です。"


class StepForm(django_forms.Form):
    """A step; `needed()` names the fields that the other answers make required."""

    def needed(self, cleaned):
        return ()

    def clean(self):
        cleaned = super().clean()
        for name in self.needed(cleaned):
            if cleaned.get(name) in (None, "", []) and name not in self.errors:
                self.add_error(name, REQUIRED)
        return cleaned


class ApplicantForm(StepForm):
    title = "申請する方"
    name = django_forms.CharField(label="お名前", max_length=100)
    name_kana = django_forms.CharField(
        label="お名前（フリガナ）", help_text="例：ヤマダ　ハナコ", max_length=100, required=False
    )
    birth_date = django_forms.DateField(label="生年月日", help_text="例：1990-04-01")
    postal_code = django_forms.CharField(label="郵便番号", validators=[POSTAL_CODE])
    prefecture = django_forms.CharField(label="都道府県", max_length=10)
    city = django_forms.CharField(label="市区町村", max_length=40)
    street_address = django_forms.CharField(label="町名・番地", max_length=100)
    building = django_forms.CharField(label="建物名など", max_length=100, required=False)
    phone = django_forms.CharField(
        label="日中に連絡のつく電話番号", help_text="例：03-1234-5678", validators=[PHONE]
    )
    email = django_forms.EmailField(
        label="メールアドレス", help_text="受付番号と結果のお知らせを送ります。"
    )
    for_organisation = django_forms.ChoiceField(
        label="団体や会社として申請しますか", choices=YES_NO, widget=django_forms.RadioSelect
    )
    organisation_name = django_forms.CharField(label="団体・会社の名前", required=False)
    organisation_role = django_forms.CharField(label="団体・会社での役職", required=False)

    def needed(self, cleaned):
        return ("organisation_name",) if cleaned.get("for_organisation") == "yes" else ()

    def clean_birth_date(self):
        born = self.cleaned_data["birth_date"]
        if born > timezone.localdate():
            raise django_forms.ValidationError("生年月日に未来の日付は入力できません。")
        return born


class PlaceForm(StepForm):
    title = "場所と日時"
    park = django_forms.ChoiceField(
        label="どの公園を使いますか", choices=PARKS, widget=django_forms.RadioSelect
    )
    place_detail = django_forms.CharField(label="公園の中のどのあたりですか", max_length=200)
    place_coordinates = django_forms.CharField(label="座標", max_length=40, required=False)
    area_m2 = django_forms.IntegerField(
        label="使う広さ（平方メートル）", min_value=1, max_value=100_000
    )
    use_from = django_forms.DateField(label="使い始める日", help_text="例：2026-04-01")
    use_to = django_forms.DateField(label="使い終わる日", help_text="例：2026-04-01")
    hours = django_forms.CharField(label="時間", help_text="例：9時から17時まで", max_length=100)

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("use_from"), cleaned.get("use_to")
        if first and first < timezone.localdate():
            self.add_error("use_from", "今日より前の日は申請できません。")
        if first and last and last < first:
            self.add_error("use_to", "使い始める日と同じか、後の日にしてください。")
        if first and last and (last - first).days >= 90:
            self.add_error("use_to", "1回の申請は90日までです。")
        return cleaned


class ActivityForm(StepForm):
    title = "行うこと"
    act_type = django_forms.ChoiceField(
        label="何を行いますか", choices=ACT_TYPES, widget=django_forms.RadioSelect
    )
    purpose = django_forms.CharField(
        label="目的と内容", widget=django_forms.Textarea(attrs={"rows": 4}), max_length=1000
    )
    goods = django_forms.CharField(label="販売するもの", max_length=200, required=False)
    price = django_forms.CharField(label="価格", max_length=100, required=False)
    staff = django_forms.IntegerField(label="従事する人数", min_value=1, required=False)
    crew = django_forms.IntegerField(label="撮影に関わる人数", min_value=1, required=False)
    cameras = django_forms.IntegerField(label="カメラの台数", min_value=1, required=False)
    performances = django_forms.IntegerField(label="公演の回数", min_value=1, required=False)
    capacity = django_forms.IntegerField(label="定員", min_value=1, required=False)
    expected_people = django_forms.IntegerField(
        label="見込みの参加者数", min_value=1, required=False
    )
    admission_fee = django_forms.IntegerField(label="入場料や参加費", min_value=0, required=False)
    equipment = django_forms.MultipleChoiceField(
        label="持ち込むもの",
        choices=EQUIPMENT,
        widget=django_forms.CheckboxSelectMultiple,
        required=False,
    )
    fire_notified = django_forms.ChoiceField(
        label="消防署への届出は済んでいますか", choices=[("", "-"), *YES_NO], required=False
    )
    site_manager = django_forms.CharField(label="当日の現場責任者", max_length=100, required=False)
    site_manager_phone = django_forms.CharField(
        label="現場責任者の電話番号", validators=[PHONE], required=False
    )
    fee_waiver = django_forms.ChoiceField(
        label="使用料の減免を希望しますか", choices=YES_NO, widget=django_forms.RadioSelect
    )
    waiver_reason = django_forms.ChoiceField(
        label="減免を希望する理由", choices=[("", "-"), *WAIVER_REASONS], required=False
    )
    waiver_reason_detail = django_forms.CharField(
        label="理由のくわしい説明",
        widget=django_forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        required=False,
    )

    BY_TYPE = {
        "sale": ("goods", "price", "staff"),
        "photography": ("crew", "cameras"),
        "show": ("performances", "capacity", "admission_fee", "site_manager"),
        "event": ("expected_people", "admission_fee", "site_manager"),
    }

    def needed(self, cleaned):
        names = [*self.BY_TYPE.get(cleaned.get("act_type", ""), ())]
        if cleaned.get("fee_waiver") == "yes":
            names.append("waiver_reason")
        if "fire" in cleaned.get("equipment", ()):
            names.append("fire_notified")
        return names


class DocumentsForm(StepForm):
    title = "書類"
    site_plan = django_forms.FileField(
        label="位置図", help_text="公園の地図に、使う場所を書き込んだもの", validators=[FILES]
    )
    project_outline = django_forms.FileField(
        label="行事の概要がわかる資料", required=False, validators=[FILES]
    )


class DeclarationForm(StepForm):
    title = "確認"
    agreed = django_forms.BooleanField(label="上の内容を確認し、申請します")


STEPS = {
    "applicant": ApplicantForm,
    "place": PlaceForm,
    "activity": ActivityForm,
    "documents": DocumentsForm,
    "declaration": DeclarationForm,
}
