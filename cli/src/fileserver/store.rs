//! The uploads that exist, and who may do what with them.
//!
//! What is known of an upload lives in memory, the files' bytes in the server's folder. The lock is never
//! held across an await.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::{Refusal, human_size};
use super::folder::Folder;
use super::request::{CreateRequest, FileRequest};
use super::token;
use super::upload::{Status, StoredFile, Upload};

/// The most files in one upload.
pub(super) const MAX_FILES: usize = 1_000;

/// The longest name of a file, in bytes.
const MAX_NAME_BYTES: usize = 1_024;

/// A century: no time to live is longer, so that an expiry is always a date that can be written.
const MAX_TTL: i64 = 100 * 365 * 24 * 3_600;

/// What uploads may ask for.
pub(super) struct Limits {
    /// The largest file in bytes; `None` for any size.
    pub(super) max_file_size: Option<u64>,
    /// Seconds, where an upload does not say; -1 for ever.
    pub(super) default_ttl: i64,
    /// Seconds; `None` for any time, for ever included.
    pub(super) max_ttl: Option<i64>,
    /// Only users with a token may create uploads.
    pub(super) users_only: bool,
}

/// Who is asking.
#[derive(Default)]
pub(super) struct Caller {
    /// `X-UploadToken`.
    pub(super) upload_token: Option<String>,
    /// `X-PlikToken`, once it was found to be a user's.
    pub(super) user_token: Option<String>,
    /// `Authorization`.
    pub(super) authorization: Option<String>,
}

/// A file about to be sent.
pub(super) struct Opened {
    /// What is known of it.
    pub(super) file: StoredFile,
    /// It can't be had again.
    pub(super) one_shot: bool,
    /// Its bytes, unless only its head was asked for.
    pub(super) content: Option<File>,
}

/// The content of a file that has fully arrived.
pub(super) struct Content {
    /// Bytes.
    pub(super) size: u64,
    /// Hex digits.
    pub(super) md5: String,
    /// Told from the first bytes.
    pub(super) content_type: &'static str,
}

/// All uploads of one server.
pub(super) struct Store {
    folder: Folder,
    limits: Limits,
    uploads: Mutex<HashMap<String, Upload>>,
}

impl Store {
    /// A store without uploads that keeps bytes in `folder`.
    pub(super) fn new(folder: Folder, limits: Limits) -> Self {
        Self {
            folder,
            limits,
            uploads: Mutex::default(),
        }
    }

    /// The folder of the files' bytes.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What uploads may ask for.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Creates an upload and the files announced with it.
    pub(super) fn create(
        &self,
        request: CreateRequest,
        user_token: Option<String>,
    ) -> Result<Upload, Refusal> {
        let refuse =
            |reason: String| Refusal::bad_request(format!("unable to create upload : {reason}"));
        if self.limits.users_only && user_token.is_none() {
            return Err(refuse("anonymous uploads are disabled".to_owned()));
        }
        if request.stream {
            return Err(refuse("streaming uploads are disabled".to_owned()));
        }
        if request.extend_ttl {
            return Err(refuse("extend TTL is disabled".to_owned()));
        }
        let ttl = self.time_to_live(request.ttl).map_err(refuse)?;
        if request.files.len() > MAX_FILES {
            return Err(refuse(format!("too many files. maximum is {MAX_FILES}")));
        }
        let created = SystemTime::now();
        let lifetime = u64::try_from(ttl).ok().map(Duration::from_secs);
        let mut upload = Upload {
            id: token::random(token::ID_LENGTH)?,
            token: token::random(token::SECRET_LENGTH)?,
            ttl,
            comments: request.comments,
            one_shot: request.one_shot,
            removable: request.removable,
            credentials: credentials(&request.login, &request.password),
            user_token,
            files: Vec::with_capacity(request.files.len()),
            created,
            expires: lifetime.and_then(|lifetime| created.checked_add(lifetime)),
        };
        for file in request.files {
            self.check_announced(&file).map_err(refuse)?;
            upload.files.push(new_file(file)?);
        }
        self.lock().insert(upload.id.clone(), upload.clone());
        Ok(upload)
    }

    /// The upload as `caller` may see it, and whether that is its admin.
    pub(super) fn view(&self, id: &str, caller: &Caller) -> Result<(Upload, bool), Refusal> {
        let mut uploads = self.lock();
        let (upload, admin) = self.access(&mut uploads, id, caller)?;
        Ok((upload.clone(), admin))
    }

    /// Whether `caller` may add a file, or the content of the announced one of that id and name.
    pub(super) fn may_add(
        &self,
        id: &str,
        file: Option<(&str, &str)>,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let mut uploads = self.lock();
        let (_, admin) = self.access(&mut uploads, id, caller)?;
        if let Some((file_id, name)) = file {
            named_file(&uploads, id, file_id, name)?;
        }
        if admin {
            Ok(())
        } else {
            Err(Refusal::forbidden(
                "you are not allowed to add file to this upload",
            ))
        }
    }

    /// Notes that the content of a file begins to arrive, and gives the file's id. Without `announced`, a
    /// file of that name is added to the upload.
    pub(super) fn begin(
        &self,
        id: &str,
        announced: Option<&str>,
        name: &str,
    ) -> Result<String, Refusal> {
        let mut uploads = self.lock();
        let upload = uploads.get_mut(id).ok_or_else(|| Refusal::no_upload(id))?;
        let file_id = match announced {
            Some(file_id) => file_id.to_owned(),
            None => {
                if upload.files.len() >= MAX_FILES {
                    return Err(Refusal::bad_request(format!(
                        "maximum number file per upload reached, limit is {MAX_FILES}"
                    )));
                }
                let request = FileRequest {
                    name: name.to_owned(),
                    ..FileRequest::default()
                };
                self.check_announced(&request).map_err(|reason| {
                    Refusal::bad_request(format!("unable to create file : {reason}"))
                })?;
                let file = new_file(request)?;
                let file_id = file.id.clone();
                upload.files.push(file);
                file_id
            }
        };
        let not_found = || Refusal::not_found(format!("file {file_id} not found"));
        let file = upload.file_mut(&file_id).ok_or_else(not_found)?;
        if file.name != name {
            return Err(Refusal::bad_request("invalid file name"));
        }
        if file.status != Status::Missing {
            return Err(Refusal::bad_request(format!(
                "invalid file status {}, expected missing",
                file.status.name()
            )));
        }
        file.status = Status::Uploading;
        Ok(file_id)
    }

    /// Makes a file whose content is all there available.
    pub(super) fn complete(
        &self,
        id: &str,
        file_id: &str,
        content: Content,
    ) -> Result<StoredFile, Refusal> {
        let mut uploads = self.lock();
        let upload = uploads.get_mut(id).ok_or_else(|| Refusal::no_upload(id))?;
        let file = upload.file_mut(file_id).ok_or_else(Refusal::internal)?;
        if file.status != Status::Uploading {
            return Err(Refusal::internal());
        }
        fs::rename(self.folder.partial(file_id), self.folder.whole(file_id))?;
        file.size = i64::try_from(content.size).unwrap_or(i64::MAX);
        file.md5 = content.md5;
        file.content_type = content.content_type.to_owned();
        file.status = Status::Uploaded;
        Ok(file.clone())
    }

    /// Forgets a file whose content did not all arrive.
    pub(super) fn abandon(&self, id: &str, file_id: &str) {
        self.folder.discard(file_id);
        let mut uploads = self.lock();
        if let Some(file) = uploads
            .get_mut(id)
            .and_then(|upload| upload.file_mut(file_id))
        {
            file.status = Status::Deleted;
        }
    }

    /// Opens a file for a download, or with `head_only` tells what a download would bring. A download of a
    /// one-shot file takes it out of the store at once.
    pub(super) fn open(
        &self,
        id: &str,
        (file_id, name): (&str, &str),
        caller: &Caller,
        head_only: bool,
    ) -> Result<Opened, Refusal> {
        let mut uploads = self.lock();
        let one_shot = self.access(&mut uploads, id, caller)?.0.one_shot;
        let file = named_file(&uploads, id, file_id, name)?.clone();
        if file.status != Status::Uploaded {
            let status = file.status.name();
            return Err(Refusal::not_found(format!(
                "file {name} ({file_id}) is not available : {status}"
            )));
        }
        let content = if head_only {
            None
        } else {
            Some(File::open(self.folder.whole(file_id))?)
        };
        if one_shot && content.is_some() {
            if let Some(file) = uploads
                .get_mut(id)
                .and_then(|upload| upload.file_mut(file_id))
            {
                file.status = Status::Deleted;
            }
            // The open handle keeps the bytes until the download ends, however it ends.
            self.folder.discard(file_id);
        }
        Ok(Opened {
            file,
            one_shot,
            content,
        })
    }

    /// Removes a file.
    pub(super) fn remove_file(
        &self,
        id: &str,
        (file_id, name): (&str, &str),
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let mut uploads = self.lock();
        let (upload, admin) = self.access(&mut uploads, id, caller)?;
        let allowed = admin || upload.removable;
        named_file(&uploads, id, file_id, name)?;
        if !allowed {
            return Err(Refusal::forbidden(
                "you are not allowed to remove files from this upload",
            ));
        }
        if let Some(file) = uploads
            .get_mut(id)
            .and_then(|upload| upload.file_mut(file_id))
        {
            file.status = Status::Deleted;
        }
        self.folder.discard(file_id);
        Ok(())
    }

    /// Removes an upload with all its files.
    pub(super) fn remove(&self, id: &str, caller: &Caller) -> Result<(), Refusal> {
        let mut uploads = self.lock();
        let (upload, admin) = self.access(&mut uploads, id, caller)?;
        if !admin && !upload.removable {
            return Err(Refusal::forbidden(
                "you are not allowed to remove this upload",
            ));
        }
        self.forget(&mut uploads, id);
        Ok(())
    }

    /// Removes every upload whose time is over.
    pub(super) fn sweep(&self) {
        let now = SystemTime::now();
        let mut uploads = self.lock();
        let expired: Vec<String> = uploads
            .values()
            .filter(|upload| upload.is_expired(now))
            .map(|upload| upload.id.clone())
            .collect();
        for id in expired {
            self.forget(&mut uploads, &id);
        }
    }

    fn access<'a>(
        &self,
        uploads: &'a mut HashMap<String, Upload>,
        id: &str,
        caller: &Caller,
    ) -> Result<(&'a Upload, bool), Refusal> {
        let upload = uploads.get(id).ok_or_else(|| Refusal::no_upload(id))?;
        if upload.is_expired(SystemTime::now()) {
            self.forget(uploads, id);
            return Err(Refusal::expired(id));
        }
        let upload = uploads.get(id).ok_or_else(|| Refusal::no_upload(id))?;
        let admin = caller.upload_token.as_ref() == Some(&upload.token)
            || (caller.user_token.is_some() && caller.user_token == upload.user_token);
        if !admin {
            check_password(upload, caller.authorization.as_deref())?;
        }
        Ok((upload, admin))
    }

    fn forget(&self, uploads: &mut HashMap<String, Upload>, id: &str) {
        for file in uploads
            .remove(id)
            .into_iter()
            .flat_map(|upload| upload.files)
        {
            self.folder.discard(&file.id);
        }
    }

    fn time_to_live(&self, asked: i64) -> Result<i64, String> {
        let ttl = if asked == 0 {
            self.limits.default_ttl
        } else {
            asked
        };
        let max = self.limits.max_ttl.unwrap_or(MAX_TTL);
        if ttl <= 0 && self.limits.max_ttl.is_some() {
            return Err(format!(
                "cannot set infinite TTL (maximum allowed is : {max})"
            ));
        }
        if ttl > max {
            return Err(format!("invalid TTL. (maximum allowed is : {max})"));
        }
        Ok(ttl)
    }

    fn check_announced(&self, file: &FileRequest) -> Result<(), String> {
        if file.name.is_empty() {
            return Err("missing file name".to_owned());
        }
        if file.name.len() > MAX_NAME_BYTES {
            let starts = file.name.char_indices().map(|(at, _)| at);
            let start = starts
                .take_while(|at| *at <= 20)
                .last()
                .and_then(|end| file.name.get(..end))
                .unwrap_or_default();
            return Err(format!(
                "file name {start}... is too long, maximum length is {MAX_NAME_BYTES} characters"
            ));
        }
        match (u64::try_from(file.size), self.limits.max_file_size) {
            (Ok(size), Some(max)) if size > max => Err(format!(
                "file is too big ({}), maximum file size is {}",
                human_size(size),
                human_size(max)
            )),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named_file<'a>(
    uploads: &'a HashMap<String, Upload>,
    id: &str,
    file_id: &str,
    name: &str,
) -> Result<&'a StoredFile, Refusal> {
    let Some(file) = uploads.get(id).and_then(|upload| upload.file(file_id)) else {
        // Plik calls a file of another upload an error of its own.
        let elsewhere = uploads
            .values()
            .any(|upload| upload.file(file_id).is_some());
        return Err(match elsewhere {
            true => Refusal::internal(),
            false => Refusal::not_found(format!("file {file_id} not found")),
        });
    };
    if file.name == name {
        Ok(file)
    } else {
        Err(Refusal::bad_request("invalid file name"))
    }
}

fn new_file(request: FileRequest) -> io::Result<StoredFile> {
    Ok(StoredFile {
        id: token::random(token::ID_LENGTH)?,
        name: request.name,
        status: Status::Missing,
        md5: String::new(),
        content_type: request.content_type,
        size: request.size,
        reference: request.reference,
        created: SystemTime::now(),
    })
}

/// What a request must carry as `Basic` authorization; `None` without a password. An empty login stays
/// empty, as in Plik 1.3.
fn credentials(login: &str, password: &str) -> Option<String> {
    let pair = format!("{login}:{password}");
    (!password.is_empty()).then(|| base64_simd::STANDARD.encode_to_string(pair.as_bytes()))
}

fn check_password(upload: &Upload, authorization: Option<&str>) -> Result<(), Refusal> {
    let Some(expected) = &upload.credentials else {
        return Ok(());
    };
    let authorization = authorization
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::unauthorized("missing Authorization header"))?;
    let (scheme, given) = authorization
        .split_once(' ')
        .filter(|(_, given)| !given.contains(' '))
        .ok_or_else(|| Refusal::unauthorized("invalid Authorization header"))?;
    if scheme != "Basic" {
        return Err(Refusal::unauthorized("invalid http authorization scheme"));
    }
    if given != expected {
        return Err(Refusal::unauthorized("invalid credentials"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (Store, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("temp dir");
        let limits = Limits {
            max_file_size: None,
            default_ttl: -1,
            max_ttl: None,
            users_only: false,
        };
        let folder = Folder::create(dir.path()).expect("folder");
        (Store::new(folder, limits), dir)
    }

    fn request(ttl: i64) -> CreateRequest {
        CreateRequest {
            ttl,
            ..CreateRequest::default()
        }
    }

    #[test]
    fn an_expired_upload_is_gone_before_any_sweep() {
        let (store, _dir) = store();
        let upload = store.create(request(1), None).expect("created");
        let caller = Caller::default();
        assert!(store.view(&upload.id, &caller).is_ok());
        std::thread::sleep(Duration::from_millis(1_050));
        let view = |store: &Store| {
            store
                .view(&upload.id, &caller)
                .map(|_| ())
                .expect_err("gone")
        };
        assert_eq!(view(&store), Refusal::expired(&upload.id));
        assert_eq!(view(&store), Refusal::no_upload(&upload.id));
    }

    #[test]
    fn without_a_limit_an_upload_lives_for_ever_or_a_century() {
        let (store, _dir) = store();
        for (asked, kept) in [(0, -1), (-5, -5), (MAX_TTL, MAX_TTL)] {
            let upload = store.create(request(asked), None).expect("created");
            assert_eq!((upload.ttl, upload.expires.is_some()), (kept, kept > 0));
            assert!(!upload.to_json(true, "", None).is_empty());
        }
        for asked in [MAX_TTL + 1, i64::MAX] {
            let refusal = store
                .create(request(asked), None)
                .map(|_| ())
                .expect_err("refused");
            assert!(
                refusal.message.contains("invalid TTL"),
                "{}",
                refusal.message
            );
        }
    }
}
