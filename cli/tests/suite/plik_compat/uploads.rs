//! The life of uploads and files.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::RANGE;

use super::peer::{MAX_FILE_SIZE, Setup};
use super::script::{Script, form};
use super::{FILE, add, compare};

#[tokio::test]
async fn uploads_are_created_as_asked() {
    compare(Setup::Open, async |s| {
        for body in [
            "",
            "null",
            "{}",
            r#"{"oneShot":true,"removable":true,"ttl":60,"comments":"<é&>"}"#,
            r#"{"ONESHOT":true,"Removable":true,"TTL":60,"unknown":[1]}"#,
            r#"{"oneShot":true,"OneShot":false,"ttl":5,"ttl":null}"#,
            r#"{"ttl":2592000,"id":"mine","uploadToken":"mine","admin":false,"protectedByPassword":true}"#,
            r#"{"files":null}"#,
            r#"{"files":[]}"#,
            r#"{"files":{}}"#,
            r#"{"files":[{"fileName":"x","fileType":"t","fileSize":3,"reference":"r"},{"fileName":"x","fileSize":-1}]}"#,
            r#"{"files":{"k":{"fileName":"x","reference":"r"}}}"#,
            r#"{"login":"foo","password":"bar"}"#,
            r#"{"login":"foo"}"#,
        ] {
            s.step(body, 200, s.post("/upload", body)).await;
        }
        for body in [
            "[]",
            "3",
            "{",
            " ",
            r#"{"ttl":5.0}"#,
            r#"{"ttl":"5"}"#,
            r#"{"ttl":9223372036854775808}"#,
            r#"{"ttl":-1}"#,
            r#"{"ttl":2592001}"#,
            r#"{"oneShot":1}"#,
            r#"{"id":1}"#,
            r#"{"stream":true}"#,
            r#"{"extend_ttl":true}"#,
            r#"{"files":3}"#,
            r#"{"files":[{}]}"#,
            r#"{"files":[{"fileName":"x","fileSize":1000001}]}"#,
        ] {
            s.step(body, 400, s.post("/upload", body)).await;
        }
        s.step("a body too large", 400, s.post("/upload", vec![b' '; 1_048_577])).await;
        let long = serde_json::json!({"files": [{"fileName": "n".repeat(1_025)}]}).to_string();
        s.step("a name too long", 400, s.post("/upload", long)).await;
        let file = serde_json::json!({"fileName": "n"});
        let many = serde_json::json!({"files": vec![file.clone(); 1_001]}).to_string();
        s.step("too many files", 400, s.post("/upload", many)).await;
        let most = serde_json::json!({"files": vec![file; 1_000]}).to_string();
        let full = s.create(&most).await;
        s.step("one file more", 400, s.add(&full, FILE, b"x")).await;
    })
    .await;
}

#[tokio::test]
async fn a_one_shot_file_is_served_once() {
    compare(Setup::Open, async |s| {
        let upload = s.create(r#"{"oneShot":true}"#).await;
        let path = add(s, &upload, b"hello").await;
        s.step("head", 200, s.request(Method::HEAD, &path)).await;
        s.step("wrong name", 400, s.get(&path.replace("hello", "other")))
            .await;
        s.step(
            "a range is not looked at",
            200,
            s.get(&path).header(RANGE, "bytes=1-2"),
        )
        .await;
        s.step("again", 404, s.get(&path)).await;
        s.step("head again", 404, s.request(Method::HEAD, &path))
            .await;
        s.step("view", 200, s.get(&format!("/upload/{}", upload.id)))
            .await;
        s.step(
            "remove what is gone",
            200,
            s.request(Method::DELETE, &path)
                .header("X-UploadToken", &upload.token),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_kept_file_is_served_until_it_is_removed() {
    compare(Setup::Open, async |s| {
        let upload = s.create("{}").await;
        let view = format!("/upload/{}", upload.id);
        s.step("view without files", 200, s.get(&view)).await;
        let path = add(s, &upload, b"hello").await;
        let second = add(s, &upload, b"").await;
        for _ in 0..2 {
            s.step("get", 200, s.get(&path)).await;
        }
        s.step("attachment", 200, s.get(&format!("{path}?dl=1")))
            .await;
        s.step("shown", 200, s.get(&format!("{path}?dl="))).await;
        s.step("empty", 200, s.get(&second)).await;
        s.step("head of the empty", 200, s.request(Method::HEAD, &second))
            .await;
        s.step(
            "view as admin",
            200,
            s.get(&view).header("X-UploadToken", &upload.token),
        )
        .await;
        s.step(
            "view with another token",
            200,
            s.get(&view).header("X-UploadToken", "x"),
        )
        .await;
        s.step(
            "remove a file without token",
            403,
            s.request(Method::DELETE, &path),
        )
        .await;
        s.step(
            "remove all without token",
            403,
            s.request(Method::DELETE, &view),
        )
        .await;
        s.step(
            "remove another name",
            400,
            s.request(Method::DELETE, &path.replace("hello", "x")),
        )
        .await;
        s.step(
            "remove a file",
            200,
            s.request(Method::DELETE, &path)
                .header("X-UploadToken", &upload.token),
        )
        .await;
        s.step("get what was removed", 404, s.get(&path)).await;
        s.step(
            "remove all",
            200,
            s.request(Method::DELETE, &view)
                .header("X-UploadToken", &upload.token),
        )
        .await;
        for gone in [&view, &path, &second] {
            s.step("gone", 404, s.get(gone)).await;
        }
        s.step("remove it again", 404, s.request(Method::DELETE, &view))
            .await;

        let removable = s.create(r#"{"removable":true}"#).await;
        let path = add(s, &removable, b"hello").await;
        s.step(
            "anybody removes a file",
            200,
            s.request(Method::DELETE, &path),
        )
        .await;
        s.step(
            "anybody removes all",
            200,
            s.request(Method::DELETE, &format!("/upload/{}", removable.id)),
        )
        .await;
        let other = s.create("{}").await;
        s.step(
            "a file nobody has",
            404,
            s.get(&format!("/file/{}/nothing/x", other.id)),
        )
        .await;
        let third = s.create("{}").await;
        let elsewhere = add(s, &third, b"hello").await.replace(&third.id, &other.id);
        s.step("a file of another upload", 500, s.get(&elsewhere))
            .await;
    })
    .await;
}

#[tokio::test]
async fn announced_files_are_filled_once() {
    compare(Setup::Open, async |s| {
        let body = r#"{"files":[{"fileName":"hello.txt","reference":"1"},{"fileName":"b"}]}"#;
        let created = s.step("create", 200, s.post("/upload", body)).await;
        let id = created.member("id").to_owned();
        let token = created.member("uploadToken").to_owned();
        let paths: Vec<String> = ["hello.txt", "b"]
            .iter()
            .zip(created.json["files"].as_array().expect("files"))
            .map(|(name, file)| {
                format!("/file/{id}/{}/{name}", file["id"].as_str().expect("an id"))
            })
            .collect();
        let fill = |s: &Script<'_>, path: &str, content: &[u8]| {
            s.send_form(path, &token, form(FILE, content))
        };
        s.step("not there yet", 404, s.get(&paths[0])).await;
        let strange = s.send_form(&paths[0], "x", form(FILE, b"x"));
        s.step("another token", 403, strange).await;
        s.step("another name in the form", 400, fill(s, &paths[1], b"x"))
            .await;
        s.step(
            "another name in the path",
            400,
            fill(s, &paths[0].replace("hello", "x"), b"x"),
        )
        .await;
        s.step("filled", 200, fill(s, &paths[0], b"hello")).await;
        s.step("filled twice", 400, fill(s, &paths[0], b"again"))
            .await;
        s.step("get", 200, s.get(&paths[0])).await;
        let large = s.send_form(
            &paths[1],
            &token,
            form("name=file; filename=b", &vec![0; MAX_FILE_SIZE + 1]),
        );
        s.step("too large", 400, large).await;
        let again = s.send_form(&paths[1], &token, form("name=file; filename=b", b"x"));
        s.step("no second try", 400, again).await;
        s.step("view", 200, s.get(&format!("/upload/{id}"))).await;
    })
    .await;
}

#[tokio::test]
async fn uploads_expire() {
    compare(Setup::Open, async |s| {
        let upload = s.create(r#"{"ttl":1}"#).await;
        let path = add(s, &upload, b"hello").await;
        s.step("in time", 200, s.get(&path)).await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        // Whether an upload is expired or already forgotten depends on when the server last looked.
        let view = format!("/upload/{}", upload.id);
        for request in [
            s.get(&path),
            s.get(&view),
            s.request(Method::DELETE, &view),
            s.add(&upload, FILE, b"x"),
        ] {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 404, "{}", s.peer.name);
        }
    })
    .await;
}
