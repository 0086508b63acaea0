//! Whose stores sign links: those of S3 and its likes, Google and Azure, and any that a user has made.

use std::sync::Arc;
#[cfg(any(feature = "azure", feature = "s3"))]
use std::time::Duration;

use object_store::ObjectStore;
#[cfg(any(feature = "azure", feature = "s3"))]
use object_store::path::Path;
use object_store::signer::Signer;

use super::{Bucket, Links, refusal, transport};
use crate::error::Error;
use crate::link::Origin;

impl Bucket {
    /// A bucket of S3, or of a server that is compatible with it. The builder's time-outs, retries and connector are replaced:
    /// those of each call count.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE where the builder lacks something, such as the bucket's name.
    #[cfg(feature = "s3")]
    pub fn s3(builder: object_store::aws::AmazonS3Builder) -> Result<Self, Error> {
        use object_store::StaticCredentialProvider;
        use object_store::aws::AwsCredential;

        let builder = builder
            .with_http_connector(transport::Connector)
            .with_retry(transport::once())
            // Deleting several at once is what compatible servers leave out.
            .with_disable_bulk_delete(true);
        // The origin does not depend on the credentials, which may have to be fetched.
        let nobody = AwsCredential {
            key_id: "nobody".to_owned(),
            secret_key: "nothing".to_owned(),
            token: None,
        };
        let nobody = StaticCredentialProvider::new(nobody);
        let unsigned = builder.clone().with_credentials(Arc::new(nobody)).build();
        let origins = origin(&unsigned.map_err(unusable)?);
        Ok(Bucket::cloud(builder.build().map_err(unusable)?, origins))
    }

    /// A bucket of Google Cloud Storage. The builder's time-outs, retries and connector are replaced.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE where the builder lacks something, such as the bucket's name.
    #[cfg(feature = "gcs")]
    pub fn google(builder: object_store::gcp::GoogleCloudStorageBuilder) -> Result<Self, Error> {
        let store = builder
            .with_http_connector(transport::Connector)
            .with_retry(transport::once())
            .build()
            .map_err(unusable)?;
        let origins = "https://storage.googleapis.com".parse();
        Ok(Bucket::cloud(store, origins.into_iter().collect()))
    }

    /// A container of Azure Blob Storage, with the account's key or credentials that may make a user delegation key. The
    /// builder's time-outs, retries and connector are replaced.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE where the builder lacks something, such as the account.
    #[cfg(feature = "azure")]
    pub fn azure(builder: object_store::azure::MicrosoftAzureBuilder) -> Result<Self, Error> {
        use object_store::StaticCredentialProvider;
        use object_store::azure::{AzureAccessKey, AzureCredential};

        let builder = builder
            .with_http_connector(transport::Connector)
            .with_retry(transport::once());
        let nobody = AzureAccessKey::try_new("bm90aGluZw==").map_err(unusable)?;
        let nobody = StaticCredentialProvider::new(AzureCredential::AccessKey(nobody));
        let unsigned = builder.clone().with_credentials(Arc::new(nobody)).build();
        let origins = origin(&unsigned.map_err(unusable)?);
        Ok(Bucket::cloud(builder.build().map_err(unusable)?, origins))
    }

    /// Any other store that signs URLs. It keeps its own HTTP client, time-outs and retries, which come on top of those of a
    /// call: build it without retries. Say with [`Bucket::origin`] where its links lead.
    pub fn signed(store: impl ObjectStore + Signer) -> Self {
        Bucket::cloud(store, Vec::new())
    }

    fn cloud(store: impl ObjectStore + Signer, origins: Vec<Origin>) -> Self {
        let store = Arc::new(store);
        Bucket::new(Arc::clone(&store) as _, Links::Signed(store), origins)
    }
}

/// The origin of a store's links, where it can be known without a request.
#[cfg(any(feature = "azure", feature = "s3"))]
fn origin(signer: &impl Signer) -> Vec<Origin> {
    use futures_util::FutureExt;

    let path = Path::from("x");
    let method = object_store::signer::Method::GET;
    let signed = signer.signed_url(method, &path, Duration::from_secs(1));
    let url = signed.now_or_never().and_then(Result::ok);
    url.and_then(|url| url.as_str().parse().ok())
        .into_iter()
        .collect()
}

fn unusable(error: impl Into<object_store::Error>) -> Error {
    Error::argument(format!(
        "the store cannot be set up: {}",
        refusal::shown(&error.into())
    ))
}
