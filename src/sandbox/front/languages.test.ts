import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { languages } from "./index.ts";

const place = { url: "http://127.0.0.1:4581", caFile: "/tmp/a b/ca.pem", trustStore: "/tmp/a b/ca.jks" };

describe("what leads clients through the front", () => {
  test("is a proxy and a root by the variables that each language reads", () => {
    const { go, node, python } = languages;
    assert.deepEqual(go(place), { HTTPS_PROXY: place.url, SSL_CERT_FILE: place.caFile });
    assert.deepEqual(node(place), { HTTPS_PROXY: place.url, NODE_EXTRA_CA_CERTS: place.caFile });
    assert.deepEqual(python(place), {
      HTTPS_PROXY: place.url,
      REQUESTS_CA_BUNDLE: place.caFile,
      SSL_CERT_FILE: place.caFile,
    });
  });

  test("is system properties for Java, which stay whole where a folder has a space in its name", () => {
    assert.deepEqual(languages.java(place), {
      JAVA_TOOL_OPTIONS:
        "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4581 -Djava.net.useSystemProxies=true " +
        '"-Djavax.net.ssl.trustStore=/tmp/a b/ca.jks"',
    });
  });
});
