"""What the console lets through: sessions, forms of its own, roles; and the headers of every answer."""

import re

import pytest
from console_world import BASE, PASSWORD, Visitor

from mangaassist.data import Workspace
from mangaassist.loop import registry_of

PAGES = ("/", "/releases", "/playground", "/failures", "/review", "/diagnoses", "/experiments", "/catalogue", "/people")
CHANGES = ("/releases/promote", "/releases/rollback", "/review/decide", "/review/cluster", "/review/undo", "/logout")
ADMIN_ONLY = ("/releases/promote", "/releases/rollback", "/people/invite", "/people/shut-out")


@pytest.mark.parametrize("path", [*PAGES, "/failures.csv", "/releases/candidate/report", "/review/next"])
def test_who_is_not_logged_in_sees_no_page(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"


@pytest.mark.parametrize("path", [*CHANGES, "/people/invite", "/people/shut-out"])
def test_who_is_not_logged_in_changes_nothing(visitor: Visitor, path: str) -> None:
    assert visitor.post(path, {}).status_code == 401


@pytest.mark.parametrize("path", CHANGES)
def test_a_form_without_the_sessions_token_is_refused(admin: Visitor, path: str) -> None:
    answer = admin.post(path, {"form_token": "guessed"})

    assert answer.status_code == 403
    assert "out of date" in answer.text


@pytest.mark.parametrize("path", [*CHANGES, "/login", "/join"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_form_of_another_site_is_refused(admin: Visitor, path: str, origin: str) -> None:
    assert admin.post(path, {}, origin=origin).status_code == 403


def test_a_form_whose_site_only_the_browser_tells_is_refused_too(admin: Visitor) -> None:
    fields = {"form_token": admin.token}

    answer = admin.client.post("/logout", data=fields, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ADMIN_ONLY)
def test_a_reviewer_may_not_do_what_is_an_admins(admin: Visitor, path: str) -> None:
    reviewer = admin.another().joined("ben", "reviewer")

    answer = reviewer.post(path, {"why": "because"})

    assert answer.status_code == 403
    assert "only an admin" in answer.text


def test_a_reviewer_sees_no_private_needs_and_no_people(admin: Visitor) -> None:
    reviewer = admin.another().joined("ben", "reviewer")

    assert "private need of one" in admin.get("/failures").text
    assert "private need of one" not in reviewer.get("/failures").text
    assert reviewer.get("/failures/c-0003").status_code == 404
    assert "private need" not in reviewer.get("/failures.csv").text
    assert reviewer.get("/people").status_code == 403


@pytest.mark.parametrize("path", [*PAGES, "/login", "/static/console.js", "/nowhere"])
def test_every_answer_forbids_foreign_content_and_framing(admin: Visitor, path: str) -> None:
    headers = admin.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_a_report_may_use_its_own_style_by_digest_and_no_script(admin: Visitor) -> None:
    policy = admin.get("/releases/candidate/report").headers["content-security-policy"]

    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; frame-ancestors 'none'", policy
    )


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_script_style_or_a_foreign_address(admin: Visitor, path: str) -> None:
    page = admin.get(path).text

    assert not re.search(r"<script(?! src=\"/static/)|<style|<\w+[^>]*\s(style|on\w+)=|javascript:", page)
    assert not re.findall(r"(?:src|href|action)=\"(?!/|#)", page)


@pytest.mark.parametrize("is_secure", [False, True])
def test_the_cookie_is_for_the_server_alone_for_this_site_alone_and_behind_https_for_https_alone(
    filled_shop: Workspace, is_secure: bool
) -> None:
    visitor = Visitor.of(filled_shop, is_secure=is_secure)
    token = visitor.app.state.desk.accounts.first_admin()

    answer = visitor.post("/join", {"token": token, "name": "mina", "password": PASSWORD})

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert ("secure" in cookie) is is_secure


def test_logging_out_ends_the_session_and_lets_go_of_items(admin: Visitor) -> None:
    held = admin.get("/review/next").json()["items"][0]["id"]

    assert admin.post("/logout", {}).headers["location"] == "/login"

    assert admin.get("/").headers["location"] == "/login"
    other = admin.another().joined("ben", "reviewer")
    assert other.get("/review/next").json()["items"][0]["id"] == held


def test_a_wrong_password_is_told_without_saying_what_was_wrong(admin: Visitor) -> None:
    answer = admin.another().post("/login", {"name": "mina", "password": "wrong wrong wrong"})

    assert answer.status_code == 403
    assert "name or password is wrong" in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"a=" + b"x" * 70_000, b"&".join(b"f%d=1" % n for n in range(300))])
def test_a_malformed_or_oversized_form_gets_a_clear_4xx(admin: Visitor, body: bytes) -> None:
    headers = {"origin": BASE, "x-form-token": admin.token, "content-type": "application/x-www-form-urlencoded"}

    answer = admin.client.post("/review/decide", content=body, headers=headers)

    assert answer.status_code in {400, 403, 409, 413}


def test_promoting_needs_a_reason_and_goes_past_the_gate_only_with_one(admin: Visitor, filled_shop: Workspace) -> None:
    assert admin.post("/releases/promote", {"why": " "}).status_code == 400
    refused = admin.post("/releases/promote", {"why": "I like it"})

    assert refused.status_code == 409
    assert "the candidate stays off" in refused.text
    assert registry_of(filled_shop).aliases().live == "embed-adapter-v00"


def test_a_promotion_and_a_rollback_are_signed_with_the_name_of_who_did_it(
    admin: Visitor, filled_shop: Workspace
) -> None:
    promoted = admin.post("/releases/promote", {"why": "a trial", "override": "a test of the console"})
    assert promoted.status_code == 303, promoted.text
    rolled = admin.post("/releases/rollback", {"why": "back again", "live": "embed-adapter-v01"})

    assert rolled.status_code == 303, rolled.text
    entries = registry_of(filled_shop).history()[-2:]
    assert [(each.actor, each.action) for each in entries] == [("mina", "promote"), ("mina", "rollback")]


def test_a_rollback_that_saw_another_release_live_is_refused(admin: Visitor) -> None:
    admin.post("/releases/promote", {"why": "a trial", "override": "a test of the console"})

    answer = admin.post("/releases/rollback", {"why": "back", "live": "embed-adapter-v09"})

    assert answer.status_code == 409
