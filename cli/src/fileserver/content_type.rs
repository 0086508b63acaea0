//! The type of a file, told from its first bytes as browsers do (the WHATWG's MIME sniffing standard).

/// How many bytes of a file [`sniff`] looks at.
pub(super) const SNIFFED: usize = 512;

const OCTETS: &str = "application/octet-stream";

/// The type that `head`, the first bytes of a file, shows; empty for an empty file, as Plik has it.
pub(super) fn sniff(head: &[u8]) -> &'static str {
    let head = head.get(..SNIFFED).unwrap_or(head);
    if head.is_empty() {
        return "";
    }
    let blank = head
        .iter()
        .take_while(|b| b"\t\n\x0c\r ".contains(b))
        .count();
    let text = head.get(blank..).unwrap_or_default();
    markup(text)
        .or_else(|| magic(head))
        .or_else(|| container(head))
        .unwrap_or_else(|| match text.iter().any(is_binary) {
            true => OCTETS,
            false => "text/plain; charset=utf-8",
        })
}

/// The type that a file is served with: what a browser would run, or refuse to show, is changed.
pub(super) fn served(content_type: &str) -> &str {
    if content_type.contains("html") {
        "text/plain"
    } else if content_type.is_empty()
        || content_type.contains("flash")
        || content_type.contains("pdf")
    {
        OCTETS
    } else {
        content_type
    }
}

/// Tags that make a text HTML where a space or `>` follows.
const TAGS: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

/// Byte order marks, which count only where four bytes or more are there.
const MARKS: [(&[u8], &str); 3] = [
    (b"\xfe\xff", "text/plain; charset=utf-16be"),
    (b"\xff\xfe", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf", "text/plain; charset=utf-8"),
];

/// Magic bytes at the very start.
const MAGIC: [(&[u8], &str); 23] = [
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x00\x00\x02\x00", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\x00", "application/ogg"),
    (b"MThd\x00\x00\x00\x06", "audio/midi"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"),
    (b"\x00asm", "application/wasm"),
];

/// A container's magic bytes, those of its content at offset 8, and the type.
const CONTAINERS: [(&[u8], &[u8], &str); 4] = [
    (b"RIFF", b"WEBPVP", "image/webp"),
    (b"RIFF", b"AVI ", "video/avi"),
    (b"RIFF", b"WAVE", "audio/wave"),
    (b"FORM", b"AIFF", "audio/aiff"),
];

fn markup(text: &[u8]) -> Option<&'static str> {
    let is_html = TAGS.iter().any(|tag| {
        let opens = text
            .get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
        opens && matches!(text.get(tag.len()), Some(b' ' | b'>'))
    });
    if is_html {
        return Some("text/html; charset=utf-8");
    }
    text.starts_with(b"<?xml")
        .then_some("text/xml; charset=utf-8")
}

fn magic(head: &[u8]) -> Option<&'static str> {
    let marks = MARKS.iter().filter(|_| head.len() >= 4);
    let mut known = marks.chain(&MAGIC);
    known
        .find(|(magic, _)| head.starts_with(magic))
        .map(|found| found.1)
}

fn container(head: &[u8]) -> Option<&'static str> {
    let content = head.get(8..).unwrap_or_default();
    let mut known = CONTAINERS.iter();
    if let Some(found) =
        known.find(|(outer, inner, _)| head.starts_with(outer) && content.starts_with(inner))
    {
        return Some(found.2);
    }
    if head.get(34..36) == Some(b"LP") && head.iter().take(34).all(|b| *b == 0) {
        return Some("application/vnd.ms-fontobject");
    }
    is_mp4(head).then_some("video/mp4")
}

/// An MP4 file opens with a box of type `ftyp` that lists brands of four bytes; the second word of its
/// content is a version.
fn is_mp4(head: &[u8]) -> bool {
    let Some(size) = head.first_chunk::<4>().map(|b| u32::from_be_bytes(*b)) else {
        return false;
    };
    let Some(brands) = usize::try_from(size)
        .ok()
        .and_then(|size| head.get(8..size))
    else {
        return false;
    };
    size % 4 == 0
        && size >= 12
        && head.get(4..8) == Some(b"ftyp")
        && (brands.chunks(4).enumerate()).any(|(at, brand)| at != 1 && brand.starts_with(b"mp4"))
}

fn is_binary(byte: &u8) -> bool {
    matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_apart() {
        let mut font = vec![0_u8; 34];
        font.extend_from_slice(b"LP");
        let mut late = vec![b' '; SNIFFED];
        late.push(0);
        for (head, found) in [
            (&b""[..], ""),
            (b"plain text", "text/plain; charset=utf-8"),
            (b"\x00", OCTETS),
            (b" \n<hTmL>", "text/html; charset=utf-8"),
            (b"<p", "text/plain; charset=utf-8"),
            (b"<pre>", "text/plain; charset=utf-8"),
            (b"\t<?xml version='1.0'?>", "text/xml; charset=utf-8"),
            (b"\xff\xfea\x00", "text/plain; charset=utf-16le"),
            (b"\xff\xfe", "text/plain; charset=utf-8"),
            (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8", "image/webp"),
            (b"RIFF\x01\x02\x03\x04NONE", OCTETS),
            (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00", OCTETS),
            (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42", "video/mp4"),
            (b"\x00\x00\x00\x10ftypisommp42", OCTETS),
            (b"\x7f\xff\xff\xffftypmp42", "text/plain; charset=utf-8"),
            (&font, "application/vnd.ms-fontobject"),
            (&late, "text/plain; charset=utf-8"),
        ] {
            assert_eq!(sniff(head), found, "{head:?}");
        }
    }

    #[test]
    fn nothing_is_served_as_a_page() {
        for (sniffed, sent) in [
            ("text/html; charset=utf-8", "text/plain"),
            ("", OCTETS),
            ("application/pdf", OCTETS),
            ("image/png", "image/png"),
        ] {
            assert_eq!(served(sniffed), sent);
        }
    }
}
