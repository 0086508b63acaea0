//! Who may do what: passwords, tokens, browsers, the download domain.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HOST, USER_AGENT};

use super::peer::{DOWNLOAD_DOMAIN, Setup};
use super::script::{form, with};
use super::{FILE, add, compare};

#[tokio::test]
async fn a_password_is_asked_for() {
    compare(Setup::Open, async |s| {
        for (json, right) in [
            (
                r#"{"login":"foo","password":"hunter2"}"#,
                "Basic Zm9vOmh1bnRlcjI=",
            ),
            (r#"{"password":"hunter2"}"#, "Basic Omh1bnRlcjI="),
        ] {
            let upload = s.create(json).await;
            let path = add(s, &upload, b"hello").await;
            let view = format!("/upload/{}", upload.id);
            for wrong in [
                "",
                "x",
                "Basic",
                "Basic a b",
                "basic Zm9vOmh1bnRlcjI=",
                "Basic cGxpazpwdw==",
                "Bearer Omh1bnRlcjI=",
            ] {
                s.step(wrong, 401, s.get(&path).header(AUTHORIZATION, wrong))
                    .await;
            }
            s.step("none", 401, s.get(&path)).await;
            s.step(
                "none, by a browser",
                401,
                with(s.get(&path), USER_AGENT, "Mozilla/5.0"),
            )
            .await;
            s.step("none, for the view", 401, s.get(&view)).await;
            s.step("none, to remove", 401, s.request(Method::DELETE, &view))
                .await;
            s.step("right", 200, s.get(&path).header(AUTHORIZATION, right))
                .await;
            s.step(
                "right, for the view",
                200,
                s.get(&view).header(AUTHORIZATION, right),
            )
            .await;
            s.step(
                "the admin needs none",
                200,
                s.get(&path).header("X-UploadToken", &upload.token),
            )
            .await;
            s.step(
                "a password is no token",
                403,
                s.request(Method::DELETE, &view)
                    .header(AUTHORIZATION, right),
            )
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn browsers_are_sent_to_a_page_and_programs_told() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        let path = add(s, &upload, b"hello").await;
        let missing = "/file/nothing/at/all%20here";
        for agent in [
            "curl",
            "CURL/8",
            "Wget/1.2",
            "plik_client",
            "Go-http-client/1.1",
            "python-urllib/3",
            "php",
            "pycurl",
            "libwwww-perl",
        ] {
            s.step(agent, 404, with(s.get(missing), USER_AGENT, agent))
                .await;
        }
        for agent in ["", "Mozilla/5.0", "my curl", "python-requests/2", "plik"] {
            s.step(agent, 301, with(s.get(missing), USER_AGENT, agent))
                .await;
            s.step(
                agent,
                301,
                with(s.request(Method::HEAD, missing), USER_AGENT, agent),
            )
            .await;
            s.step(
                agent,
                301,
                with(s.get(&path.replace("hello", "x")), USER_AGENT, agent),
            )
            .await;
            s.step(agent, 200, with(s.get(&path), USER_AGENT, agent))
                .await;
            s.step(
                agent,
                404,
                with(s.get("/upload/nothing"), USER_AGENT, agent),
            )
            .await;
            s.step(
                agent,
                404,
                with(s.request(Method::DELETE, missing), USER_AGENT, agent),
            )
            .await;
            s.step(agent, 404, with(s.get("/nope"), USER_AGENT, agent))
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn only_users_upload_where_it_is_so() {
    compare(Setup::UsersOnly, async |s| {
        let token = s.peer.user_token.clone();
        s.step(
            "config",
            200,
            s.get("/config").header("X-PlikToken", "wrong"),
        )
        .await;
        s.step("no token", 400, s.post("/upload", "")).await;
        s.step(
            "no token, quick",
            400,
            s.send_form("/", "", form(FILE, b"x")),
        )
        .await;
        s.step(
            "an empty token",
            400,
            s.post("/upload", "").header("X-PlikToken", ""),
        )
        .await;
        s.step(
            "a wrong token",
            403,
            s.post("/upload", "").header("X-PlikToken", "wrong"),
        )
        .await;
        let upload = s.create("{}").await;
        let path = add(s, &upload, b"hello").await;
        s.step("downloads are for all", 200, s.get(&path)).await;
        s.step(
            "but not with a wrong token",
            403,
            s.get(&path).header("X-PlikToken", "wrong"),
        )
        .await;
        let browser = with(
            s.get(&path).header("X-PlikToken", "wrong"),
            USER_AGENT,
            "Mozilla/5.0",
        );
        s.step("nor by a browser", 301, browser).await;
        let by_user =
            with(s.add(&upload, FILE, b"x"), "X-UploadToken", "").header("X-PlikToken", &token);
        s.step("a user adds to their upload", 200, by_user).await;
        let view = format!("/upload/{}", upload.id);
        s.step(
            "a user sees their upload",
            200,
            s.get(&view).header("X-PlikToken", &token),
        )
        .await;
        s.step(
            "a stranger does not remove it",
            403,
            s.request(Method::DELETE, &view),
        )
        .await;
        s.step(
            "a user removes it",
            200,
            s.request(Method::DELETE, &view)
                .header("X-PlikToken", &token),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn files_come_from_the_download_domain() {
    compare(Setup::DownloadDomain, async |s| {
        let host = DOWNLOAD_DOMAIN.trim_start_matches("http://");
        s.step("config", 200, s.get("/config")).await;
        let upload = s.create("{}").await;
        let path = add(s, &upload, b"hello").await;
        s.step("view", 200, s.get(&format!("/upload/{}", upload.id)))
            .await;
        s.step("another host", 400, s.get(&path)).await;
        s.step(
            "another host, by a browser",
            301,
            with(s.get(&path), USER_AGENT, "Mozilla/5.0"),
        )
        .await;
        s.step("another host and no such file", 404, s.get("/file/a/b/c"))
            .await;
        s.step("the right host", 200, with(s.get(&path), HOST, host))
            .await;
        let reply = s
            .send_form("/", "", form(FILE, b"hello"))
            .send()
            .await
            .expect("an answer");
        let url = reply.text().await.expect("a text");
        assert!(
            url.starts_with(&format!("{DOWNLOAD_DOMAIN}/file/")),
            "{}: {url}",
            s.peer.name
        );
    })
    .await;
}
