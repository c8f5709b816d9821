"""Fills the golden database: run as ``python -m tests.seed`` by `tests.golden`."""

import django


def main() -> None:
    django.setup()
    from common.text import Text
    from tenants import provisioning

    provisioning.migrate_public()
    provisioning.build_template()
    for schema_name, code, ja, en in (
        ("shiomi", "990019", "汐見市", "Shiomi City"),
        ("suginosawa", "990027", "杉ノ沢町", "Suginosawa Town"),
    ):
        provisioning.provision(
            schema_name=schema_name,
            code=code,
            name=Text({"ja": ja, "en": en}),
            prefecture=Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
            domains=[f"{schema_name}.localhost"],
            languages=["ja", "en"],
        )


if __name__ == "__main__":
    main()
