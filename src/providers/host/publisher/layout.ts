/**
 * The publisher's places on a machine. A version is a folder of its own; the links `current` and `previous` name the
 * running one and the one before, each changed in one step.
 */
export interface HostLayout {
  /** Versions, the two links, and the mark of ownership. */
  readonly home: string;
  readonly versions: string;
  readonly current: string;
  readonly previous: string;
  readonly owner: string;
  /** The program behind `current`. */
  readonly program: string;
  /** Config and the files that it names. */
  readonly etc: string;
  readonly config: string;
  readonly files: string;
  readonly units: string;
  /** What root renews for the publisher: its token, and the CA of the cluster. */
  readonly credentials: string;
  readonly token: string;
  readonly clusterCa: string;
  /** What systemd lets only the running publisher read (`LoadCredential`). */
  readonly given: string;
  /** The publisher's state, as root sees it: below the folder of services that run as users of their own. */
  readonly state: string;
  /** Where its accounts at certificate authorities are. */
  readonly accounts: string;
}

/** In the publisher's state folder: where the store of its certificates has accounts (tls/). */
export const accountsFolder = "certificates/accounts";

/** The program's name, in every version's folder. */
const programName = "podtrust-publisher";

/** The group that may read the token and the secret files of the config. */
export const secretsGroup = "podtrust-publisher-secrets";

/** Places below `root`, which is the machine's own by default. */
export function hostLayout(root = ""): HostLayout {
  const home = `${root}/opt/podtrust/publisher`;
  const etc = `${root}/etc/podtrust`;
  const credentials = `${root}/var/lib/${tokenState}`;
  const state = `${root}/var/lib/private/${publisherState}`;
  return {
    home,
    versions: `${home}/versions`,
    current: `${home}/current`,
    previous: `${home}/previous`,
    owner: `${home}/owner`,
    program: `${home}/current/${programName}`,
    etc,
    config: `${etc}/publisher.yaml`,
    files: `${etc}/publisher`,
    units: `${root}/etc/systemd/system`,
    credentials,
    token: `${credentials}/token`,
    clusterCa: `${credentials}/ca.crt`,
    given: `${root}/run/credentials/${unitNames.publisher}`,
    state,
    accounts: `${state}/${accountsFolder}`,
  };
}

/** StateDirectory of the publisher and of what renews its token. */
export const publisherState = "podtrust-publisher";
export const tokenState = "podtrust-publisher-token";

/** The units, by what they are for. */
export const unitNames = {
  publisher: "podtrust-publisher.service",
  https: "podtrust-publisher-https.socket",
  http: "podtrust-publisher-http.socket",
  token: "podtrust-publisher-token.service",
  timer: "podtrust-publisher-token.timer",
} as const;
