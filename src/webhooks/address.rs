//! Where messages may go: to public addresses alone, unless the operator of the server allows
//! others. Otherwise whoever may make a webhook could reach what only the server can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Characters of a URL at most.
const LENGTH: usize = 2_000;

/// What is wrong with a URL, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is none that a message can be sent to.
    Url(&'static str),
    /// It names an address that is not public.
    Private,
}

/// Reads the URL of a webhook. Plain HTTP, and addresses that are not public, only where they are
/// allowed. What a name stands for is looked up when a message is sent.
pub fn read(text: &str, allow_private: bool) -> Result<Url, Wrong> {
    if text.len() > LENGTH {
        return Err(Wrong::Url("is too long"));
    }
    let url = Url::parse(text).map_err(|_| Wrong::Url("is not a URL"))?;
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Err(Wrong::Url("must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::Url("must hold no user name and no password"));
    }
    if url.fragment().is_some() {
        return Err(Wrong::Url("must have no fragment"));
    }
    let is_public = match url.host() {
        None => return Err(Wrong::Url("has no host")),
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => !is_local(name),
    };
    if !is_public && !allow_private {
        return Err(Wrong::Private);
    }
    Ok(url)
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let mut last = name.rsplit('.');
    matches!(last.next(), Some("localhost" | "local" | "internal"))
}

/// Whether an address is one that anybody on the internet could reach.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// All but the blocks of IANA's special-purpose registry (RFC 6890) that are not globally reachable.
fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

/// Global unicast (`2000::/3`) without the blocks that stand for something else; what embeds an IPv4
/// address is as public as that.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let embedded = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
    };
    match s {
        // Mapped, and NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, ORCHID, benchmarking and the rest of the protocol assignments.
        [0x2001, second, ..] if second < 0x200 => false,
        [0x2001, 0xdb8, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_server_could_reach_is_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "::127.0.0.1",
            "fec0::1",
            "3fff::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "93.184.216.34",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_url_is_public_https_unless_others_are_allowed() {
        for (text, wrong) in [
            ("https://127.0.0.1/x", Wrong::Private),
            // The same address as a number, in hexadecimal, and with a short form.
            ("https://2130706433/", Wrong::Private),
            ("https://0x7f.1/", Wrong::Private),
            ("https://[::1]/", Wrong::Private),
            ("https://[::ffff:7f00:1]/", Wrong::Private),
            ("https://localhost/", Wrong::Private),
            ("https://api.LOCALHOST./", Wrong::Private),
            ("https://metadata.google.internal/", Wrong::Private),
            (
                "http://example.com/",
                Wrong::Url("must begin with https://"),
            ),
            ("ftp://example.com/", Wrong::Url("must begin with https://")),
            ("example.com", Wrong::Url("is not a URL")),
            (
                "https://a:b@example.com/",
                Wrong::Url("must hold no user name and no password"),
            ),
            (
                "https://example.com/#a",
                Wrong::Url("must have no fragment"),
            ),
        ] {
            assert_eq!(read(text, false).unwrap_err(), wrong, "{text}");
        }
        assert!(read("https://example.com/hooks?a=b", false).is_ok());
        assert!(read("http://127.0.0.1:9/x", true).is_ok());
        assert!(read("ftp://127.0.0.1/x", true).is_err());
    }
}
