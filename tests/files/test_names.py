"""Names of files: shown, downloaded, never trusted."""

import email.message
import email.policy
import unicodedata

import pytest

from balagh.files.names import content_disposition, display_name, download_headers

NAMES = [
    ("IMG_2043.heic", "image/jpeg", "IMG_2043.jpg"),
    ("صورة-الشاشة.jpg", "image/jpeg", "صورة-الشاشة.jpg"),
    ("إيصال السداد.PDF", "application/pdf", "إيصال السداد.pdf"),
    ("photo.JPEG", "image/jpeg", "photo.jpg"),
    ("photo", "image/png", "photo.png"),
    ("photo.exe", "image/png", "photo.png"),
    ("invoice.pdf.html", "application/pdf", "invoice.pdf.pdf"),
    ("تقرير 2.5", "image/png", "تقرير 2.5.png"),
    ("تقرير.نهائي", "image/png", "تقرير.نهائي.png"),
    ("../../etc/passwd", "image/png", "passwd.png"),
    ("..\\..\\windows\\system32\\cmd.exe", "image/png", "cmd.png"),
    ("C:\\Users\\نورة\\شكوى.png", "image/png", "شكوى.png"),
    ("/", "image/png", "file.png"),
    ("", "image/png", "file.png"),
    ("...", "image/png", "file.png"),
    (".htaccess", "image/png", "htaccess.png"),
    (".png", "image/png", "file.png"),
    ("   ", "image/png", "file.png"),
    ("a\0b\r\nc\tt.png", "image/png", "ab c t.png"),
    ("photo\u202egnp.exe", "image/png", "photognp.png"),
    ("\u2066\u200f\u200bphoto\ufeff.png", "image/png", "photo.png"),
    ("a\u2028b\u2029c.png", "image/png", "a b c.png"),
    ("\ue000\U000f0000x.png", "image/png", "x.png"),
    ("\ud800x.png", "image/png", "x.png"),
    ('<b>"x"|?*.png', "image/png", "_b__x____.png"),
    ("a  \u00a0 b.png", "image/png", "a b.png"),
    ("cafe\u0301.png", "image/png", "café.png"),
    ("x" * 500 + ".png", "image/png", "x" * 196 + ".png"),
    ("ش" * 196 + " تابع.png", "image/png", "ش" * 196 + ".png"),
]


@pytest.mark.parametrize(("sent", "media_type", "shown"), NAMES)
def test_display_name(sent: str, media_type: str, shown: str) -> None:
    made = display_name(sent, media_type)
    assert made == shown
    assert 1 <= len(made) <= 200
    assert not {unicodedata.category(character) for character in made} & {"Cc", "Cf", "Cs"}


# The name, for programs that know only ASCII, for the others (percent-encoded UTF-8).
DISPOSITIONS = [
    ("photo.png", "photo.png", "photo.png"),
    ("my photo.png", "my photo.png", "my%20photo.png"),
    ("شكوى.pdf", "file.pdf", "%D8%B4%D9%83%D9%88%D9%89.pdf"),
    ("شكوى 15.pdf", "____ 15.pdf", "%D8%B4%D9%83%D9%88%D9%89%2015.pdf"),
    ('a"b\\c%20.png', "a_b_c_20.png", "a%22b%5Cc%2520.png"),
    ("a;b='c'.png", "a;b='c'.png", "a%3Bb%3D%27c%27.png"),
    ("a\r\nSet-Cookie: x.png", "a__Set-Cookie: x.png", "a%0D%0ASet-Cookie%3A%20x.png"),
]


@pytest.mark.parametrize(("name", "plain", "encoded"), DISPOSITIONS)
def test_content_disposition(name: str, plain: str, encoded: str) -> None:
    made = content_disposition(name)
    assert made == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    assert made.isascii()
    assert made.isprintable()


@pytest.mark.parametrize("name", ["photo.png", "شكوى 15.pdf", "a\"b;c'.png"])
def test_a_reader_of_the_header_gets_the_name_back(name: str) -> None:
    message = email.message.Message(policy=email.policy.HTTP)
    extended = content_disposition(name).split("; ")[-1]
    message["Content-Disposition"] = "attachment; " + extended
    assert message.get_filename() == name


def test_a_kept_file_can_do_nothing_in_the_browser() -> None:
    headers = download_headers("شكوى.pdf", "application/pdf")
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert "no-store" in headers["Cache-Control"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
