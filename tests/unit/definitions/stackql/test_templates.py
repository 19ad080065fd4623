"""Templates of a known form are done without; others are not run."""

from __future__ import annotations

from billql.definitions.stackql.templates import NamedScalars, UnderAName, recognize

UNDER = '{{- $w := printf "{\\"things\\":%s}" . -}}\n{{- $w -}}'
SCALARS = (
    '{{- $l := index . "ids" -}}{"rows": [{{- if eq (kindOf $l) "slice" -}}'
    "{{- range $i, $v := $l -}}{{- if $i }},{{ end }}"
    '{"id": {{ toJson $v }}}{{- end -}}{{- end -}}]}'
)


def test_an_answer_under_a_name() -> None:
    assert recognize(UNDER) == UnderAName("things")
    assert recognize(UNDER.replace("$w -}}", "$x -}}", 1)) is None


def test_scalars_with_a_name() -> None:
    assert recognize(SCALARS) == NamedScalars("ids", "rows", "id")
    assert recognize(SCALARS.replace("toJson $v", "toJson $i")) is None


def test_other_templates_are_not_known() -> None:
    for body in ("", "{{ . }}", UNDER + "{{ . }}", UNDER + " " * 5000 + "x"):
        assert recognize(body) is None
