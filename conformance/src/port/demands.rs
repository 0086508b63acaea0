//! What a port has to declare: what is not declared is left out, so an adapter that forgets something must not pass for it.

use serde_json::Value;

use super::Port;
use crate::case::capability_name;
use crate::judge::Difference;
use crate::protocol::{Capability, Hello};
use crate::repository::Repository;
use crate::strict;

impl Port {
    /// Holds what an adapter declares against the port's file and against the profile of its platform, which has all payload types and
    /// transports of the implementations there.
    pub(crate) fn met_by(&self, hello: &Hello, repository: &Repository) -> Result<(), Difference> {
        if let Some(platform) = &self.platform
            && *platform != hello.platform
        {
            return Err(Difference::new(
                "hello, platform",
                platform,
                &hello.platform,
            ));
        }
        let lacking = |what: &str, name: &str| {
            let found = format!("{name} is not declared");
            Err(Difference::new(format!("hello, {what}"), name, found))
        };
        for capability in &self.capabilities {
            if !hello.capabilities.contains(capability) {
                return lacking("capabilities", &capability_name(*capability));
            }
        }
        // A weakness makes every comparison milder, so it is not for an adapter alone to claim it.
        for weakness in [Capability::ApproximateFloats, Capability::OneNumberType] {
            if hello.capabilities.contains(&weakness) && !self.capabilities.contains(&weakness) {
                let name = capability_name(weakness);
                let found = format!("{name}, which the port's file does not list");
                return Err(Difference::new(
                    "hello, capabilities",
                    "no such weakness",
                    found,
                ));
            }
        }
        let profile = profile(&hello.platform, repository)
            .map_err(|error| Difference::new("hello, platform", "a profile", error))?;
        for (what, declared) in [
            ("payload_types", &hello.payload_types),
            ("transports", &hello.transports),
        ] {
            let all = profile[what].as_array().into_iter().flatten();
            for name in all.filter_map(Value::as_str) {
                if !declared.iter().any(|other| other == name) {
                    return lacking(what, name);
                }
            }
        }
        Ok(())
    }
}

/// One of the profiles of `schema/v1/platforms.json`.
fn profile(name: &str, repository: &Repository) -> Result<Value, String> {
    let path = repository.schemas().join("platforms.json");
    let text = repository.read(&path).map_err(|error| error.to_string())?;
    let profile = strict::read(&text)?["platforms"][name].take();
    if profile.is_object() {
        Ok(profile)
    } else {
        Err(format!(
            "{name}, which schema/v1/platforms.json does not have"
        ))
    }
}
