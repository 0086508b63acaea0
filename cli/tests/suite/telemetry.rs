//! What the command tells of itself: its log, and its metrics as a real Prometheus fetches them.

use std::net::{Ipv4Addr, SocketAddr};

use natsbridge_cli::telemetry::{Endpoint, LIBRARY, PROBE};
use reqwest::{Method, StatusCode};
use serde_json::Value as Json;

use crate::operations::{dashboard_expressions, folder, prometheus_flags};
use crate::program::{parse, run};
use crate::prometheus::{Prometheus, client};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The whole way, and the only test of this process that collects metrics: there is one recorder for a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_prometheus_scrapes_the_endpoint() {
    let endpoint = Endpoint::start(LOOPBACK, LIBRARY.iter().chain(PROBE))
        .await
        .expect("an endpoint");
    let url = endpoint.url();
    let twice = Endpoint::start(LOOPBACK, []).await.map(drop);
    assert_eq!(
        twice.expect_err("one is enough").to_string(),
        "the metrics of this process are collected already"
    );
    for (count, seconds) in [(19, 0.15), (1, 0.25)] {
        for _ in 0..count {
            metrics::histogram!("probe_duration_seconds", "kind" => "10kb").record(seconds);
        }
    }
    metrics::counter!("probe_messages_total", "kind" => "10kb", "outcome" => "ok").increment(19);
    metrics::counter!("probe_messages_total", "kind" => "10kb", "outcome" => "late").increment(1);
    metrics::gauge!("probe_within_target_ratio").set(0.95);
    plain_requests(&url).await;

    let (target, rules) = (
        url.trim_start_matches("http://")
            .trim_end_matches("/metrics"),
        folder(),
    );
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: [{:?}]\n\
         scrape_configs: [{{job_name: natsbridge-probe, static_configs: [{{targets: [{target:?}]}}]}}]\n",
        rules.join("alerts.yml").display().to_string(),
    );
    let Some(prometheus) = Prometheus::start(&config, &prometheus_flags()).await else {
        return;
    };
    let flags = prometheus.data("status/flags").await;
    assert_eq!(flags["storage.tsdb.retention.time"], "1y");
    prometheus
        .wait_for("up{job=\"natsbridge-probe\"}", 1.0)
        .await;
    prometheus
        .wait_for(
            "probe_duration_seconds_bucket{kind=\"10kb\", le=\"0.2\"}",
            19.0,
        )
        .await;
    prometheus
        .wait_for("probe_duration_seconds_count{kind=\"10kb\"}", 20.0)
        .await;
    prometheus
        .wait_for("probe_messages_total{kind=\"10kb\", outcome=\"late\"}", 1.0)
        .await;
    prometheus.wait_for("probe_within_target_ratio", 0.95).await;
    // Before anything happened they are there, so that the first time is seen.
    for name in [
        "download_retry_exceeded_total",
        "slow_consumer_lost_total",
        "nats_reconnects_total",
    ] {
        prometheus.wait_for(name, 0.0).await;
    }
    prometheus
        .wait_for("count(retry_attempts_total)", 2.0)
        .await;
    prometheus
        .wait_for("count(probe_messages_total)", 9.0)
        .await;

    // A value that changes is seen by the next scrape.
    metrics::counter!("download_retry_exceeded_total").increment(1);
    let firing =
        "count(ALERTS{alertname=\"NATSBridgeDownloadRetriesExceeded\", alertstate=\"firing\"})";
    prometheus.wait_for(firing, 1.0).await;
    all_rules_work(&prometheus).await;
    for expression in dashboard_expressions() {
        prometheus.query(&expression).await;
    }

    drop(endpoint);
    prometheus
        .wait_for("up{job=\"natsbridge-probe\"}", 0.0)
        .await;
}

async fn plain_requests(url: &str) {
    let answer = client().get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = answer.text().await.expect("a text");
    for line in [
        "# TYPE messages_sent_total counter",
        "# TYPE probe_duration_seconds histogram",
        "retry_attempts_total{direction=\"upload\"} 0",
        "probe_duration_seconds_bucket{kind=\"10kb\",le=\"0.1\"} 0",
        "probe_duration_seconds_bucket{kind=\"10kb\",le=\"0.2\"} 19",
        "probe_duration_seconds_bucket{kind=\"10kb\",le=\"+Inf\"} 20",
        "# HELP download_retry_exceeded_total Downloads that were given up after further attempts, or at the deadline.",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    let elsewhere = client()
        .get(url.replace("/metrics", "/"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let post = client()
        .request(Method::POST, url)
        .body("x")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (post.status(), post.headers()["allow"].to_str().ok()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("GET, HEAD"))
    );
    let head = client().head(url).send().await.expect("an answer");
    assert_eq!(head.status(), StatusCode::OK);
}

async fn all_rules_work(prometheus: &Prometheus) {
    let rules = prometheus.data("rules").await;
    let groups = rules["groups"].as_array().expect("groups").iter();
    let rules: Vec<&Json> = groups
        .flat_map(|group| group["rules"].as_array().expect("rules"))
        .collect();
    assert_eq!(rules.len(), 9);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}

#[test]
fn a_log_is_json_only_and_standard_output_is_as_without_it() {
    let message = [
        "--log",
        "json",
        "--log-level",
        "trace",
        "encode",
        "chat.room",
        "--part",
        "m=text:hi",
    ];
    let run = run(message);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(parse(&run.out)["send_to"], "chat.room");
    for line in run.err.lines() {
        let line = parse(line);
        for name in line.as_object().expect("an object").keys() {
            let known = [
                "timestamp",
                "level",
                "correlation_id",
                "msg_id",
                "sender_name",
                "receiver_name",
                "payload_type",
                "transport",
                "message",
            ];
            assert!(known.contains(&name.as_str()), "{line}");
        }
    }
}

#[test]
fn a_log_may_be_asked_for_before_and_behind_the_command() {
    for arguments in [["--log", "text", "schema"], ["schema", "--log", "text"]] {
        assert!(!run(arguments).ok().is_empty());
    }
    let wrong = run(["--log", "xml", "schema"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("possible values: off, text, json"),
        "{}",
        wrong.err
    );
}
