//! Paths and what they name.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What may not stand as it is in one segment of a path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'&');

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To something this server has.
    Route(Route),
    /// To nothing.
    Unknown,
    /// To another spelling of itself, without empty segments and dots.
    Elsewhere(String),
    /// It is not a path.
    Malformed,
}

/// What the API has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/`: an upload and its file in one request.
    Quick,
    /// `/config`
    Config,
    /// `/version`
    Version,
    /// `/health`
    Health,
    /// `/upload`
    Uploads,
    /// `/upload/{upload}`
    Upload(String),
    /// `/file/{upload}`
    Files(String),
    /// `/file/{upload}/{file}/{name}`
    File {
        /// The upload's id.
        upload: String,
        /// The file's id.
        file: String,
        /// The file's name.
        name: String,
    },
}

/// Reads the path of a request, percent-encoded as it came. `%2F` separates segments just as `/` does, so
/// that no segment holds a slash.
pub(super) fn target(path: &str) -> Target {
    if !path.starts_with('/') || !is_encoded(path) {
        return Target::Malformed;
    }
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let clean = cleaned(&decoded);
    if clean != decoded {
        let segments: Vec<String> = clean.split('/').map(segment).collect();
        return Target::Elsewhere(segments.join("/"));
    }
    let mut segments = clean.split('/').skip(1).map(str::to_owned);
    let mut next = || segments.next();
    let parts = (next(), next(), next(), next(), next());
    let (Some(first), rest) = (parts.0, (parts.1, parts.2, parts.3, parts.4)) else {
        return Target::Unknown;
    };
    let route = match (first.as_str(), rest) {
        ("", (None, ..)) => Route::Quick,
        ("config", (None, ..)) => Route::Config,
        ("version", (None, ..)) => Route::Version,
        ("health", (None, ..)) => Route::Health,
        ("upload", (None, ..)) => Route::Uploads,
        ("upload", (Some(upload), None, ..)) if !upload.is_empty() => Route::Upload(upload),
        ("file", (Some(upload), None, ..)) if !upload.is_empty() => Route::Files(upload),
        ("file", (Some(upload), Some(file), Some(name), None)) if !name.is_empty() => {
            Route::File { upload, file, name }
        }
        _ => return Target::Unknown,
    };
    Target::Route(route)
}

/// A text as one segment of a URL's path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Whether every `%` starts two hex digits.
fn is_encoded(path: &str) -> bool {
    let mut pieces = path.split('%');
    pieces.next();
    pieces.all(|piece| {
        let digits = piece.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

/// The path without empty segments, `.` and `..`; a slash at its end stays.
fn cleaned(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(path: &str) -> Target {
        Target::Elsewhere(path.to_owned())
    }

    #[test]
    fn paths_name_what_the_api_has() {
        assert_eq!(target("/"), Target::Route(Route::Quick));
        assert_eq!(target("/%75pload"), Target::Route(Route::Uploads));
        assert_eq!(
            target("/upload/x"),
            Target::Route(Route::Upload("x".into()))
        );
        assert_eq!(target("/file/x"), Target::Route(Route::Files("x".into())));
        assert_eq!(
            target("/file/u/f/%C3%A9%20%00%25"),
            Target::Route(Route::File {
                upload: "u".into(),
                file: "f".into(),
                name: "\u{e9} \0%".into()
            })
        );
        for path in [
            "/nope",
            "/upload/",
            "/upload/x/y",
            "/file",
            "/file/u/f",
            "/file/u/f/",
            "/file/u/f/a/b",
            "/file/u/f/a%2fb",
        ] {
            assert_eq!(target(path), Target::Unknown, "{path}");
        }
    }

    #[test]
    fn paths_that_climb_or_stutter_lead_to_their_clean_spelling() {
        assert_eq!(target("//upload"), elsewhere("/upload"));
        assert_eq!(target("/file//x/../../upload"), elsewhere("/upload"));
        assert_eq!(
            target("/file/a/%2e%2e/%2E%2E/%2e./b%20c%3F"),
            elsewhere("/b%20c%3F")
        );
        assert_eq!(target("/../../etc/passwd"), elsewhere("/etc/passwd"));
        assert_eq!(target("/file/./"), elsewhere("/file/"));
    }

    #[test]
    fn what_is_not_a_path_is_told_apart() {
        for path in ["", "*", "upload", "/%", "/%4", "/%zz", "/a%2"] {
            assert_eq!(target(path), Target::Malformed, "{path}");
        }
    }
}
