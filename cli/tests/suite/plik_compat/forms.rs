//! What arrives in a form: names, types, and what is not a form.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::peer::{MAX_FILE_SIZE, Setup};
use super::script::{BOUNDARY, form};
use super::{FILE, add, compare};

#[tokio::test]
async fn any_name_is_kept_and_found_again() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        let (long, longer) = ("n".repeat(1_024), "\u{e9}".repeat(512));
        for (parameters, path) in [
            ("filename=plain", "plain"),
            (
                "filename=\"\u{e9} \u{1f600}.txt\"",
                "%C3%A9%20%F0%9F%98%80.txt",
            ),
            ("filename=\"a \\\"b\\\" \\\\ c\"", "a%20%22b%22%20%5C%20c"),
            ("filename=\"c:\\dir\\file\"", "c:%5Cdir%5Cfile"),
            ("filename=\"100%41?#;&+\"", "100%2541%3F%23;&+"),
            ("filename=\" x \"", "%20x%20"),
            ("filename=\"../../etc/passwd\"", "passwd"),
            ("filename=\"a/b/\"", "b"),
            ("filename=old; filename*=UTF-8''n%20%C3%A9", "n%20%C3%A9"),
            ("filename*=utf-8''a%0Ab%C2%85", "a%0Ab%C2%85"),
            ("filename=\"<p>.html\"", "%3Cp%3E.html"),
            (&format!("filename=\"{long}\""), &long),
            (&format!("filename=\"{longer}\""), &"%C3%A9".repeat(512)),
        ] {
            let file = s
                .step(
                    parameters,
                    200,
                    s.add(&upload, &format!("name=file; {parameters}"), b"x"),
                )
                .await;
            let path = format!("/file/{}/{}/{path}", upload.id, file.member("id"));
            // A quote or a backslash in a header's value is for each server to escape.
            if parameters.contains('\\') {
                s.step(parameters, 200, s.request(Method::POST, "/upload"))
                    .await;
                let found = s.get(&path).send().await.expect("an answer");
                assert_eq!(found.status(), 200, "{}: {path}", s.peer.name);
            } else {
                s.step(parameters, 200, s.get(&path)).await;
            }
        }
        for name in ["..", ".", "/", "//"] {
            s.step(
                name,
                200,
                s.add(&upload, &format!("name=file; filename=\"{name}\""), b"x"),
            )
            .await;
        }
        for name in [format!("{long}n"), format!("{longer}n")] {
            s.step(
                "too long",
                400,
                s.add(&upload, &format!("name=file; filename=\"{name}\""), b"x"),
            )
            .await;
        }
        s.step("view", 200, s.get(&format!("/upload/{}", upload.id)))
            .await;
    })
    .await;
}

#[tokio::test]
async fn forms_that_are_not_right_are_refused() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        let path = format!("/file/{}", upload.id);
        s.step("no token", 403, s.send_form(&path, "", form(FILE, b"x")))
            .await;
        s.step(
            "another token",
            403,
            s.send_form(&path, "x", form(FILE, b"x")),
        )
        .await;
        s.step(
            "no upload",
            404,
            s.send_form("/file/x", &upload.token, form(FILE, b"x")),
        )
        .await;
        for kind in [
            "",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary",
            "multipart/related; boundary=x",
        ] {
            let request = s
                .post(&path, form(FILE, b"x"))
                .header("X-UploadToken", &upload.token);
            s.step(kind, 400, request.header(CONTENT_TYPE, kind)).await;
        }
        s.step(
            "no type",
            400,
            s.post(&path, "x").header("X-UploadToken", &upload.token),
        )
        .await;
        for parameters in [
            "name=other; filename=x",
            "name=file",
            "name=file; filename=\"\"",
            "filename=x",
            "name=file; filename=\"x",
            "name=file; name=other; filename=x",
            "name=file filename=x",
        ] {
            s.step(parameters, 400, s.add(&upload, parameters, b"x"))
                .await;
        }
        for body in [String::new(), "x".into(), format!("--{BOUNDARY}--\r\n")] {
            s.step(
                &body,
                400,
                s.send_form(&path, &upload.token, body.clone().into()),
            )
            .await;
        }
        let mut second = form("name=other", b"x\r\n--a boundaryx");
        second.truncate(second.len() - 4);
        second.extend_from_slice(&form(FILE, b"y")[2 + BOUNDARY.len()..]);
        s.step(
            "the file comes second",
            200,
            s.send_form(&path, &upload.token, second),
        )
        .await;
        let mut cut = form(FILE, &[b'x'; 5_000]);
        cut.truncate(3_000);
        s.step("cut short", 500, s.send_form(&path, &upload.token, cut))
            .await;
        s.step(
            "too large",
            400,
            s.add(&upload, FILE, &vec![0; MAX_FILE_SIZE + 1]),
        )
        .await;
        s.step(
            "as large as can be",
            200,
            s.add(&upload, FILE, &vec![0; MAX_FILE_SIZE]),
        )
        .await;
        s.step("view", 200, s.get(&format!("/upload/{}", upload.id)))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_form_made_by_a_library_is_understood() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        for name in ["plain.bin", "\u{e9} \"x\" \u{4f60}.bin"] {
            let part = reqwest::multipart::Part::bytes(vec![0, 255, b'\r', b'\n']).file_name(name);
            let form = reqwest::multipart::Form::new().part("file", part);
            let request = s.request(Method::POST, &format!("/file/{}", upload.id));
            let request = request
                .header("X-UploadToken", &upload.token)
                .multipart(form);
            let file = s.step(name, 200, request).await;
            assert_eq!(file.member("fileName"), name);
        }
    })
    .await;
}

#[tokio::test]
async fn types_are_told_from_the_content() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        let font = [&[0_u8; 34][..], b"LP"].concat();
        let late = [&[b' '; 511][..], b"\0"].concat();
        let later = [&[b' '; 512][..], b"\0"].concat();
        for content in [
            &b""[..],
            b"text",
            b"\0",
            b"\x7f\xff",
            b"\x1b[0m",
            b"<html>",
            b" <HtMl x",
            b"<htm",
            b"<p>",
            b"<p",
            b"<pre>",
            b"<!-- x",
            b"<!--x",
            b"\n\t<?xml ?>",
            b"<?XML",
            b"%PDF-1.4",
            b"%!PS-Adobe-",
            b"\xfe\xff",
            b"\xfe\xff\0\0",
            b"\xff\xfe\x61\0",
            b"\xef\xbb\xbf",
            b"\xef\xbb\xbfa",
            b"\0\0\x01\0",
            b"\0\0\x02\0",
            b"BM\0",
            b"GIF87a",
            b"GIF89a\0",
            b"GIF88a\0",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"RIFF1234WEBPVP",
            b"RIFF1234AVI ",
            b"RIFF\0\0\0\0WAVE",
            b"RIFF\0\0\0\0OTHER",
            b"FORM\0\0\0\0AIFF",
            b"ID3\0",
            b"OggS\0",
            b"OggS\x01",
            b"MThd\0\0\0\x06",
            b"\x1a\x45\xdf\xa3",
            b"\0\x01\0\0",
            b"OTTO\0",
            b"ttcf\0",
            b"wOFF\0",
            b"wOF2\0",
            b"\x1f\x8b\x08",
            b"PK\x03\x04",
            b"Rar!\x1a\x07\0",
            b"Rar!\x1a\x07\x01\0",
            b"\0asm",
            b"\0\0\0\x14ftypisom\0\0\0\0mp42",
            b"\0\0\0\x10ftypmp42\0\0\0\0",
            b"\0\0\0\x10ftypisommp42",
            b"\0\0\0\x12ftypmp42\0\0\0\0\0\0",
            b"{\"a\":1}",
            b"ARROW1\0\0",
            b"\x7fELF",
            b"\xd0\xcf\x11\xe0",
            &font,
            &late,
            &later,
        ] {
            let path = add(s, &upload, content).await;
            s.step(&format!("{content:?}"), 200, s.get(&path)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn one_request_can_do_it_all() {
    compare(Setup::Open, async |s| {
        let reply = s
            .send_form("/", "", form(FILE, b"hello"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(reply.status(), 200, "{}", s.peer.name);
        let url = reply.text().await.expect("a text");
        let path = url
            .strip_prefix(&s.peer.url)
            .and_then(|path| path.strip_suffix('\n'))
            .expect("a URL");
        assert!(
            path.starts_with("/file/") && path.ends_with("/hello.txt"),
            "{url}"
        );
        let text = s
            .get(path)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a text");
        assert_eq!(text, "hello");
        s.step("no form", 400, s.post("/", "x")).await;
        s.step("no file", 400, s.send_form("/", "", form("name=x", b"")))
            .await;
    })
    .await;
}
