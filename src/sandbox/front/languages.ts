/** Where a front is, for clients on this machine. */
export interface FrontEndpoint {
  /** `http://127.0.0.1:4581` */
  readonly url: string;
  /** A file of its CA's certificate, PEM. */
  readonly caFile: string;
  /** A file of the same, as Java reads it. */
  readonly trustStore: string;
}

type Variables = Readonly<Record<string, string>>;

/** A JVM option for JAVA_TOOL_OPTIONS, which splits at white space outside of quotation marks. */
function jvmOption(name: string, value: string): string {
  const option = `-D${name}=${value}`;
  return /\s/u.test(option) ? `"${option}"` : option;
}

function javaOptions({ url, trustStore }: FrontEndpoint): string {
  const { hostname, port } = new URL(url);
  return [
    jvmOption("https.proxyHost", hostname),
    jvmOption("https.proxyPort", port),
    // The JDK's own HTTP client, which Azure's libraries may use, reads these if it has no explicit proxy.
    jvmOption("java.net.useSystemProxies", "true"),
    jvmOption("javax.net.ssl.trustStore", trustStore),
  ].join(" ");
}

/**
 * Variables that lead unmodified clients of each language through a front. Python: requests reads REQUESTS_CA_BUNDLE,
 * and httpx SSL_CERT_FILE. Java has no variable for either, but its virtual machine reads options from one.
 */
export const languages = {
  go: ({ url, caFile }: FrontEndpoint): Variables => ({ HTTPS_PROXY: url, SSL_CERT_FILE: caFile }),
  java: (place: FrontEndpoint): Variables => ({ JAVA_TOOL_OPTIONS: javaOptions(place) }),
  node: ({ url, caFile }: FrontEndpoint): Variables => ({ HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: caFile }),
  python: ({ url, caFile }: FrontEndpoint): Variables => ({
    HTTPS_PROXY: url,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
  }),
} as const;

/** Languages whose clients use a front without code changes. */
export type Language = keyof typeof languages;
