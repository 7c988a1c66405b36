from mangaassist.feedback import cluster_terms, name_of
from mangaassist.feedback.naming import terms_of


def test_a_name_is_what_a_cluster_says_and_the_others_do_not() -> None:
    terms = cluster_terms(
        {
            "a": ["slow burn rivals to lovers manga", "rivals to lovers", "rivals become lovers manga"],
            "b": ["cozy cooking manga", "cooking at home manga", "cozy cooking"],
        }
    )

    assert set(name_of(terms["a"], []).replace(" · ", " ").split()) >= {"rivals", "lovers"}
    assert "cooking" in name_of(terms["b"], [])
    assert "manga" not in " ".join([*terms["a"], *terms["b"]])


def test_a_japanese_cluster_is_named_by_its_letters() -> None:
    terms = cluster_terms(
        {"a": ["癒し系の漫画", "癒し系日常漫画", "ゆるい癒し系"], "b": ["送料が高い", "送料はいくら"]}
    )

    assert terms["a"][0] == "癒し系"
    assert "送料" in terms["b"][0]


def test_a_term_of_one_text_alone_names_nothing() -> None:
    terms = cluster_terms({"a": ["dark fantasy swords", "grim fantasy demons"]})

    assert terms["a"] == ["fantasy"]
    assert name_of([], ["only text"]) == "only text"


def test_terms_do_not_cross_small_words() -> None:
    assert terms_of("rivals to lovers") == {"rivals", "lovers"}
    assert "slow burn" in terms_of("a Slow Burn romance")
