/** Where a front is, for clients on this machine. */
export interface FrontPlace {
  /** `http://127.0.0.1:4581` */
  readonly url: string;
  /** A file of its CA's certificate, PEM. */
  readonly caFile: string;
  /** A file of the same, as Java reads it. */
  readonly trustStore: string;
}

type Variables = Readonly<Record<string, string>>;

/** An option of the JVM as JAVA_TOOL_OPTIONS takes it, which breaks at white space outside of quotation marks. */
function jvmOption(name: string, value: string): string {
  const option = `-D${name}=${value}`;
  return /\s/u.test(option) ? `"${option}"` : option;
}

function javaOptions({ url, trustStore }: FrontPlace): string {
  const { hostname, port } = new URL(url);
  return [
    jvmOption("https.proxyHost", hostname),
    jvmOption("https.proxyPort", port),
    // The JDK's own HTTP client, by which Azure's libraries can ask, goes by these where nobody gives it a proxy.
    jvmOption("java.net.useSystemProxies", "true"),
    jvmOption("javax.net.ssl.trustStore", trustStore),
  ].join(" ");
}

/**
 * What leads clients of each language through a front, none of them changed. Python: requests reads REQUESTS_CA_BUNDLE, and
 * httpx SSL_CERT_FILE. Java knows no variable for either, but its virtual machine takes options from one.
 */
export const languages = {
  go: ({ url, caFile }: FrontPlace): Variables => ({ HTTPS_PROXY: url, SSL_CERT_FILE: caFile }),
  java: (place: FrontPlace): Variables => ({ JAVA_TOOL_OPTIONS: javaOptions(place) }),
  node: ({ url, caFile }: FrontPlace): Variables => ({ HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: caFile }),
  python: ({ url, caFile }: FrontPlace): Variables => ({
    HTTPS_PROXY: url,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
  }),
} as const;

/** Whose clients go through a front without a line of code changed. */
export type Language = keyof typeof languages;
