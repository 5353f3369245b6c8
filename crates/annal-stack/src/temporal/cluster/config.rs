//! The server's configuration file. It is JSON, which is YAML.

use serde_json::{Map, Value, json};

use super::tables::{DRIVER, LOGIN, STORES, place};

/// The four services that make a Temporal server; each listens at two ports.
pub(super) const SERVICES: [&str; 4] = ["frontend", "history", "matching", "worker"];

/// Where they listen.
pub(super) struct Ports {
    /// The front end, for everybody.
    pub(super) front_end: u16,
    /// The other services.
    pub(super) others: Vec<u16>,
    /// Where each service is found by the others.
    pub(super) membership: Vec<u16>,
}

/// The configuration for a server that keeps its data where `url` says, if that names a host and there are ports enough.
pub(super) fn text(url: &str, password: &str, ports: &Ports) -> Option<String> {
    let (host, database_port) = place(url)?;
    let store = |(database, _): (&str, &str)| {
        json!({ "sql": {
            "pluginName": DRIVER,
            "databaseName": database,
            "connectAddr": format!("{host}:{database_port}"),
            "connectProtocol": "tcp",
            "user": LOGIN,
            "password": password,
            "maxConns": 20,
            "maxIdleConns": 20,
            "maxConnLifetime": "1h",
        }})
    };
    let [runs, visibility] = STORES.map(store);
    let config = json!({
        "log": { "stdout": true, "level": "warn" },
        "persistence": {
            // For ever: a run lies in the shard of its id.
            "numHistoryShards": 4,
            "defaultStore": "runs",
            "visibilityStore": "visibility",
            "datastores": { "runs": runs, "visibility": visibility },
        },
        "global": { "membership": { "maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1" } },
        "services": services(ports)?,
        "clusterMetadata": {
            "enableGlobalNamespace": false,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": { "active": {
                "enabled": true,
                "initialFailoverVersion": 1,
                "rpcName": "frontend",
                "rpcAddress": format!("127.0.0.1:{}", ports.front_end),
            }},
        },
        "dcRedirectionPolicy": { "policy": "noop" },
    });
    Some(config.to_string())
}

fn services(ports: &Ports) -> Option<Map<String, Value>> {
    let mut grpc = std::iter::once(&ports.front_end).chain(&ports.others);
    let mut membership = ports.membership.iter();
    let mut service = |name: &str| {
        let rpc = json!({
            "grpcPort": grpc.next()?,
            "membershipPort": membership.next()?,
            "bindOnLocalHost": true,
        });
        Some((name.to_owned(), json!({ "rpc": rpc })))
    };
    SERVICES.into_iter().map(&mut service).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(membership: &[u16]) -> Ports {
        Ports {
            front_end: 7233,
            others: vec![1, 2, 3],
            membership: membership.to_vec(),
        }
    }

    #[test]
    fn each_service_gets_its_ports_and_the_administrator_s_password_stays_out() {
        let url = "postgres://postgres:secret@127.0.0.1:5433/annal";
        let text = text(url, "pass", &ports(&[4, 5, 6, 7])).unwrap();
        assert!(!text.contains("secret"), "{text}");
        let config: Value = serde_json::from_str(&text).unwrap();
        let rpc = |service: &str| config["services"][service]["rpc"].clone();
        assert_eq!(rpc("frontend")["grpcPort"], 7233);
        assert_eq!(rpc("history")["grpcPort"], 1);
        assert_eq!(rpc("worker")["membershipPort"], 7);
        let visibility = &config["persistence"]["datastores"]["visibility"]["sql"];
        assert_eq!(visibility["databaseName"], "temporal_visibility");
        assert_eq!(visibility["connectAddr"], "127.0.0.1:5433");
    }

    #[test]
    fn too_few_ports_make_no_configuration() {
        assert_eq!(text("postgres://a@b/c", "p", &ports(&[4, 5])), None);
    }
}
