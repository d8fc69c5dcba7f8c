//! What hearing counts of its edges, for the metrics page: the MQTT endpoint, the bridge to a city's
//! own broker, the archive. Read when the page is asked for.

use std::fmt::Error;
use std::sync::Weak;
use std::time::Instant;

use ingest::hearing::{CloseReason, EdgeStats, HearingHandle};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// See the module. Weak: who ends hearing must be the last to hold it.
#[derive(Debug)]
pub(super) struct Edges(pub(super) Weak<HearingHandle>);

impl Collector for Edges {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), Error> {
        let Some(hearing) = self.0.upgrade() else { return Ok(()) };
        let mut page = Page(encoder);
        if let Some(stats) = hearing.edge_stats() {
            page.endpoint(&stats)?;
            let help = "Records that subscribers of SensorThings were not told of: too far behind";
            page.counter("fenghuo_news_skipped", help, hearing.news_skipped())?;
        }
        if let Some(bridge) = hearing.bridge_state() {
            page.gauge("fenghuo_bridge_connected", "The broker has accepted us", bridge.connected)?;
            for (name, help, count) in [
                ("fenghuo_bridge_connects", "Connections made to the broker", bridge.connects),
                ("fenghuo_bridge_packets", "Packets taken from the broker", bridge.packets),
                ("fenghuo_bridge_acknowledged", "Of those, acknowledged", bridge.acknowledged),
                ("fenghuo_bridge_delivered", "Messages the broker has of us", bridge.delivered),
                ("fenghuo_bridge_dropped_notes", "Notes left out", bridge.dropped_notes),
            ] {
                page.counter(name, help, count)?;
            }
            page.age("fenghuo_bridge_last_error_age_seconds", bridge.failed)?;
        }
        if let Some(archive) = hearing.archive_state() {
            let (position, behind) = (archive.position.0, archive.behind);
            page.gauge("fenghuo_archive_position", "Record the archive has", Whole(position))?;
            page.gauge("fenghuo_archive_behind", "Records it has not", Whole(behind))?;
            let failing = archive.last_error.is_some();
            page.gauge("fenghuo_archive_failing", "The last attempt failed", failing)?;
            for (name, help, count) in [
                ("fenghuo_archive_points", "Points written", archive.points),
                ("fenghuo_archive_refused", "Points the archive refuses", archive.refused),
                ("fenghuo_archive_broken_off", "Times begun again", archive.broken_off),
            ] {
                page.counter(name, help, count)?;
            }
            page.age("fenghuo_archive_last_error_age_seconds", archive.failed)?;
        }
        Ok(())
    }
}

/// A number that only has to be shown.
struct Whole(u64);

impl From<Whole> for i64 {
    fn from(whole: Whole) -> i64 {
        i64::try_from(whole.0).unwrap_or(i64::MAX)
    }
}

struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn endpoint(&mut self, stats: &EdgeStats) -> Result<(), Error> {
        let (name, help) = ("fenghuo_mqtt_closed", "MQTT connections that ended, by reason");
        let mut closed = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for reason in CloseReason::ALL {
            let label = [("reason", reason.word())];
            ConstCounter::new(stats.closed(*reason)).encode(closed.encode_family(&label)?)?;
        }
        for (name, count) in stats.each() {
            let (full, help) =
                (format!("fenghuo_mqtt_{name}"), "MQTT endpoint: ".to_owned() + name);
            if EdgeStats::GAUGES.contains(&name) {
                self.gauge(&full, &help, Whole(count))?;
            } else {
                self.counter(&full, &help, count)?;
            }
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, count: u64) -> Result<(), Error> {
        let page = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(count).encode(page)
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Into<i64>) -> Result<(), Error> {
        let page = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::<i64>::new(value.into()).encode(page)
    }

    /// Left out where there was none.
    fn age(&mut self, name: &str, since: Option<Instant>) -> Result<(), Error> {
        let Some(since) = since else { return Ok(()) };
        let page =
            self.0.encode_descriptor(name, "Since the last error", None, MetricType::Gauge)?;
        ConstGauge::<f64>::new(since.elapsed().as_secs_f64()).encode(page)
    }
}
