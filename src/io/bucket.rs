//! Object stores: S3 and what speaks like it, Google, Azure, and any other store of the `object_store` crate.

mod address;
mod attempts;
mod object;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
mod provider;
mod refusal;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
mod transport;
mod unlinked;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
use object_store::signer::Signer;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use tokio::time::timeout;

use self::address::{InFlight, Naming};
use self::attempts::Attempts;
use self::unlinked::Unlinked;
use super::download::{Download, DownloadHandler};
use super::fetch::Fetch;
use super::handler::{HandlerError, Timeouts};
use super::sink::Sink;
use super::upload::{Upload, UploadHandler, Uploaded};
use crate::error::Error;
use crate::link::{Link, Origin, redact};

/// Puts payloads into an object store, and links to them so that a receiver needs no credentials: by a URL that the store has
/// signed, or under a URL where the store is served.
///
/// An upload is streamed; one of more than a part ([`Bucket::part_size`]) goes up in parts, at most two of them in memory and
/// on their way. If it fails or is dropped, its parts and its object are removed. Objects are named by a UUID, or by the digest of their
/// bytes ([`Bucket::content_addressed`]), and never by their `dataname`. The `fileserver_url` of a call means nothing here.
///
/// Nothing is removed when a link expires: let the store do that, by a rule for the age of objects and one for uploads in
/// parts that were never completed, which a killed process leaves behind.
///
/// ```
/// # #[cfg(feature = "s3")]
/// # async fn example() -> Result<(), natsbridge::Error> {
/// use natsbridge::object_store::aws::AmazonS3Builder;
/// use natsbridge::{Bucket, Part, smartsend};
/// use std::time::Duration;
///
/// let store = AmazonS3Builder::from_env().with_bucket_name("payloads");
/// let bucket = Bucket::s3(store)?.lifetime(Duration::from_secs(24 * 3600))?;
/// let (envelope, json) = smartsend("a.b", [Part::binary("film", vec![0; 1_000_000])])
///     .fileserver_upload_handler(bucket)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// A receiver names the origin of the links, `smartreceive(json).allowed_origins(["https://s3.eu-central-1.amazonaws.com".parse()?])`,
/// or has a `Bucket` of its own as the download handler, which knows it.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    links: Links,
    naming: Naming,
    lifetime: Duration,
    part_size: u64,
    origins: Vec<Origin>,
}

/// How receivers get at the objects.
#[derive(Clone)]
enum Links {
    #[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
    Signed(Arc<dyn Signer>),
    /// The URL under which the store's root is served, without a slash at its end.
    Served(String),
}

/// The longest that S3 and Google sign for.
const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// The smallest part that S3 and Google take, but for the last of an upload.
const MIN_PART_SIZE: u64 = 5 << 20;

impl Bucket {
    /// A store that someone serves by http or https: `base_url` is where its root is found, such as
    /// `https://files.example/payloads`. A receiver that is given the same pair reads the store itself.
    ///
    /// ```
    /// use natsbridge::{Bucket, object_store::local::LocalFileSystem};
    ///
    /// # let folder = std::env::temp_dir();
    /// let store = LocalFileSystem::new_with_prefix(folder)?;
    /// let bucket = Bucket::served(store, "https://files.example/payloads")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE where `base_url` is no http or https URL, or has a query.
    pub fn served(store: impl ObjectStore, base_url: impl AsRef<str>) -> Result<Self, Error> {
        let base_url = base_url.as_ref().trim_end_matches('/');
        let found = redact(base_url);
        let link: Link = base_url.parse().map_err(|reason| {
            Error::argument(format!("base_url cannot be linked to: {reason}"))
                .expecting("an absolute http or https URL")
                .finding(&found)
        })?;
        if base_url.contains('?') {
            let reason = format!("base_url ends in a path, found the query of {found}");
            return Err(Error::argument(reason)
                .expecting("an absolute http or https URL without a query")
                .finding(&found));
        }
        let origins = vec![link.origin().clone()];
        let links = Links::Served(base_url.to_owned());
        Ok(Bucket::new(Arc::new(store), links, origins))
    }

    /// How long a signed link can be fetched, from the end of its upload on; one hour by default. It ends sooner where the
    /// credentials that it was signed with do.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE for less than a second and for more than seven days, the most that S3 and Google allow.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, Error> {
        if !(Duration::from_secs(1)..=MAX_LIFETIME).contains(&lifetime) {
            let found = format!("{lifetime:?}");
            let message =
                format!("the lifetime of a signed link is 1 s to 7 days (604800 s), found {found}");
            return Err(Error::argument(message)
                .expecting("1 s to 7 days")
                .finding(&found));
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// Objects are named `<prefix>/<name>`.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE unless it is made of letters, digits, `-`, `_` and `.`, in parts between slashes.
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Result<Self, Error> {
        self.naming.set_prefix(prefix.as_ref())?;
        Ok(self)
    }

    /// Uploads of more bytes than this go up in parts of so many; 8 MiB by default. The parts of an upload that would need more
    /// than 10,000 of them are larger.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE for less than 5 MiB, which stores refuse.
    pub fn part_size(mut self, bytes: u64) -> Result<Self, Error> {
        if bytes < MIN_PART_SIZE {
            let message = format!("a part is at least 5 MiB (5242880 bytes), found {bytes}");
            return Err(Error::argument(message)
                .expecting("at least 5242880")
                .finding(bytes.to_string()));
        }
        self.part_size = bytes;
        Ok(self)
    }

    /// Names objects by the SHA-256 of their bytes, and uploads none that is there already in the right size.
    ///
    /// One object may then stand behind the links of many messages, so nothing is ever removed by this library, not even what
    /// was uploaded for a message that could not be sent. A rule of the store that removes objects by their age counts from the
    /// first upload: it has to wait longer than any link may live after the last. Whoever knows the bytes, or their digest,
    /// knows the name. S3 says that a missing object is forbidden to those who may not list the bucket (`s3:ListBucket`).
    #[must_use]
    pub fn content_addressed(mut self) -> Self {
        self.naming.by_content = Some(InFlight::default());
        self
    }

    /// Receivers with this handler fetch links to this origin as well; may be called for several. Where this bucket's own links
    /// lead is known, unless it was made by `Bucket::signed` or for an endpoint of one's own of Google's.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origins.push(origin);
        self
    }

    fn new(store: Arc<dyn ObjectStore>, links: Links, origins: Vec<Origin>) -> Self {
        Bucket {
            store,
            links,
            naming: Naming::default(),
            lifetime: Duration::from_secs(3600),
            part_size: 8 << 20,
            origins,
        }
    }

    /// Puts the bytes where they belong, again and again where that fails.
    async fn put(
        &self,
        path: &Path,
        upload: &Upload<'_>,
        attempts: &Arc<Attempts>,
    ) -> Result<(), HandlerError> {
        loop {
            let put = object::put(&*self.store, path, upload, self.part_size, attempts);
            let error = match put.await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            // Without an answer it may have got there.
            let uncertain = error.is_retryable();
            if let Err(error) = attempts.again(error).await {
                if uncertain {
                    self.clean_up(path, upload.timeouts).await;
                }
                return Err(error);
            }
        }
    }

    /// Whether the store has an object of this name and size.
    async fn has(
        &self,
        path: &Path,
        upload: &Upload<'_>,
        attempts: &Attempts,
    ) -> Result<bool, HandlerError> {
        loop {
            let head = refusal::call(upload.timeouts, async {
                match self.store.head(path).await {
                    Ok(meta) => Ok(meta.size == upload.source.size()),
                    Err(object_store::Error::NotFound { .. }) => Ok(false),
                    Err(error) => Err(error),
                }
            });
            match head.await {
                Ok(has) => return Ok(has),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Removes what nobody will be told of, as well as it goes: nobody is kept waiting by a store that hangs.
    async fn clean_up(&self, path: &Path, timeouts: Timeouts) {
        if self.naming.by_content.is_none() {
            let removal = self.delete(path, timeouts);
            let _ = timeout(timeouts.connect_timeout, removal).await;
        }
    }

    async fn delete(&self, path: &Path, timeouts: Timeouts) -> Result<(), HandlerError> {
        refusal::call(timeouts, async {
            match self.store.delete(path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                deleted => deleted,
            }
        })
        .await
    }

    /// Links to an object that is there; it is removed where that fails.
    async fn uploaded(
        &self,
        path: &Path,
        timeouts: Timeouts,
        attempts: &Attempts,
    ) -> Result<Uploaded, HandlerError> {
        loop {
            let error = match self.link(path, timeouts).await {
                Ok(url) => {
                    return Ok(Uploaded {
                        fileid: path.to_string(),
                        ..Uploaded::new(200, url)
                    });
                }
                Err(error) => error,
            };
            if let Err(error) = attempts.again(error).await {
                self.clean_up(path, timeouts).await;
                return Err(error);
            }
        }
    }

    async fn link(&self, path: &Path, timeouts: Timeouts) -> Result<String, HandlerError> {
        let url = match &self.links {
            Links::Served(base_url) => format!("{base_url}/{path}"),
            #[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
            Links::Signed(signer) => {
                let method = object_store::signer::Method::GET;
                let signed = signer.signed_url(method, path, self.lifetime);
                refusal::call(timeouts, signed).await?.into()
            }
        };
        #[cfg(not(any(feature = "azure", feature = "gcs", feature = "s3")))]
        let _ = timeouts;
        match url.parse::<Link>() {
            Ok(_) => Ok(url),
            Err(reason) => Err(HandlerError::new(format!(
                "the store's URL of {} bytes is no link: {reason}; session tokens make it long",
                url.len()
            ))),
        }
    }
}

/// Without the store's settings, among which are its keys.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("store", &format_args!("{}", self.store))
            .field("naming", &self.naming)
            .field("lifetime", &self.lifetime)
            .field("part_size", &self.part_size)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

impl UploadHandler for Bucket {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let attempts = Arc::new(Attempts::new(upload.retry));
        let Some(in_flight) = &self.naming.by_content else {
            let path = self.naming.path(&super::new_id().to_string());
            let unlinked = Unlinked::new(self, &path, upload.timeouts);
            let uploaded = match self.put(&path, &upload, &attempts).await {
                Ok(()) => self.uploaded(&path, upload.timeouts, &attempts).await,
                Err(error) => Err(error),
            };
            unlinked.end();
            return uploaded;
        };
        let digest = upload.source.digest().await?;
        let path = self.naming.path(&digest.to_string());
        {
            // The same bytes at the same time: the second waits, and finds what the first has uploaded.
            let turn = in_flight.turn(digest);
            let _turn = turn.lock().await;
            match self.has(&path, &upload, &attempts).await? {
                true => upload.source.skipped(),
                false => self.put(&path, &upload, &attempts).await?,
            }
        }
        self.uploaded(&path, upload.timeouts, &attempts).await
    }

    /// Removes the object; a bucket that names objects by their content removes nothing, since other links may lead there.
    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        let path = self.naming.own(&uploaded.fileid).ok_or_else(|| {
            HandlerError::new("the object is not one that this handler has uploaded")
        })?;
        match self.naming.by_content {
            Some(_) => Ok(()),
            None => self.delete(&path, Timeouts::default()).await,
        }
    }
}

impl DownloadHandler for Bucket {
    /// That of the store's links, and those of [`Bucket::origin`].
    fn origins(&self, _fileserver_url: &str) -> Vec<Origin> {
        self.origins.clone()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let link = download.link.as_str();
        let inside = self
            .base_url()
            .and_then(|base_url| link.strip_prefix(base_url)?.strip_prefix('/'));
        let Some(name) = inside else {
            // Signed, or of another store whose origin the receiver allows.
            return DownloadHandler::download(&Fetch::default(), download, sink).await;
        };
        let path = self.naming.own(name).ok_or_else(|| {
            HandlerError::new(format!("{} is no object of this bucket", download.link))
        })?;
        let attempts = Attempts::new(download.retry);
        loop {
            match self.read(&path, &download, sink).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}

impl Bucket {
    /// Where the store's root is served; none where links are signed.
    fn base_url(&self) -> Option<&str> {
        match &self.links {
            Links::Served(base_url) => Some(base_url),
            #[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
            Links::Signed(_) => None,
        }
    }

    async fn read(
        &self,
        path: &Path,
        download: &Download<'_>,
        sink: &mut Sink,
    ) -> Result<(), HandlerError> {
        let read_timeout = download.timeouts.read_timeout;
        let silent = |_| HandlerError::timed_out("the store was silent", read_timeout);
        let found = timeout(read_timeout, self.store.get(path));
        let found = found.await.map_err(silent)?.map_err(refusal::of)?;
        sink.start(Some(found.meta.size))?;
        let mut pieces = found.into_stream();
        while let Some(piece) = timeout(read_timeout, pieces.next()).await.map_err(silent)? {
            sink.write(&piece.map_err(refusal::of)?)?;
        }
        match sink.is_complete() {
            true => Ok(()),
            false => {
                let message = format!("the object ended after {} bytes", sink.written());
                Err(HandlerError::new(message).retryable(true))
            }
        }
    }
}
