import { cause, found, type ReasonEntry } from "../../entry.ts";

const token = ["token"] as const;
const sts = ["sts"] as const;
const permission = ["permission"] as const;

/** What happens to a token between the kubelet and the SDK. */
export const podTokenCauses = {
  TokenFileUnreadable: cause(
    found(
      "broken",
      token,
      "The program's user may not read the token's file.",
      "Set securityContext.fsGroup of the pod, to 65534 for example.",
    ),
    {
      number: 881,
      proof:
        "The mode of the projected volume, the user of the container and fsGroup; or the error of the read.",
    },
  ),
  PodTokenForCluster: cause(
    found(
      "broken",
      token,
      "AWS_WEB_IDENTITY_TOKEN_FILE is the token for the API server, which AWS does not take.",
      "Point it at the projected token with the audience sts.amazonaws.com: podtrust manifests workload.",
    ),
    { number: 882, proof: "The variable is /var/run/secrets/kubernetes.io/serviceaccount/token." },
  ),
  TokenReadOnce: cause(
    found(
      "broken",
      token,
      "The program read the token once, and keeps using it though it has expired.",
      "Use a newer SDK, and read the file again at each refresh; restarting the pod helps until the next expiry.",
    ),
    {
      number: 883,
      proof:
        "It says that its token expired, its pod is older than the token's life, and STS takes a token minted now.",
    },
  ),
  TokenPathResolved: cause(
    found(
      "broken",
      token,
      "The program resolved the token's symbolic link and keeps the path of a folder that the kubelet replaced.",
      "Open the path of AWS_WEB_IDENTITY_TOKEN_FILE as it is, each time.",
    ),
    { number: 884, proof: "The path in the error has a folder of the kubelet's, ..YEAR_MONTH_DAY…." },
  ),
  TokenLifetimeDiffers: cause(
    found(
      "warning",
      token,
      "The pod's token lives for another time than its ServiceAccount's annotation asks.",
      "Make the pod anew. If it stays so, the webhook does not know the annotation, or 600 seconds is its minimum.",
    ),
    { number: 885, proof: "expirationSeconds of the projected token against the annotation." },
  ),
  TokenTooOldForParty: cause(
    found(
      "broken",
      token,
      "The relying party takes no token that was issued so long ago, though it has not expired.",
      "Ask for tokens of an hour, and look whether the kubelet renews the file.",
    ),
    { number: 886, proof: "The relying party says so: stale to sign-in." },
  ),
  TokenNotMinted: cause(
    found(
      "broken",
      token,
      "The kubelet gets no token for the pod's volume, so that the pod does not start.",
      "Read what the API server answers. An audience that it may not ask for has to be allowed, or to stand in the pod's volume; a resource that is not found is an API server that mints no tokens.",
    ),
    { number: 888, proof: "The pod waits, and an Event of it says: failed to fetch token." },
  ),
  ServiceAccountRemade: cause(
    found(
      "broken",
      token,
      "The token is of a ServiceAccount that was deleted and made anew under the same name: the API server knows it no more.",
      "Make the pods anew: kubectl rollout restart. Their tokens are of the new ServiceAccount.",
    ),
    { number: 889, proof: "The API server says that the ServiceAccount's UID does not match the claim." },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why STS is not called, or not as intended. */
export const stsCauses = {
  NodeRoleUsed: cause(
    found(
      "broken",
      sts,
      "The pod has all it needs, and its program calls AWS as the node: its SDK does not look for a web identity.",
      "Use an SDK that knows web identities, with its default chain of credentials. If only some calls are made so, look for a failed refresh.",
    ),
    { number: 901, proof: "The error names an instance's session, and the pod is injected." },
  ),
  SdkModuleMissing: cause(
    found(
      "broken",
      sts,
      "The Java SDK lacks its module for STS, and falls back to the next credentials.",
      "Add software.amazon.awssdk:sts, or aws-java-sdk-sts for version 1.",
    ),
    { number: 902, proof: "The SDK says that the module is not on the class path." },
  ),
  StsGlobalUnreachable: cause(
    found(
      "broken",
      sts,
      "The program calls the global endpoint of STS, which its network does not reach.",
      "Set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION in the pod.",
    ),
    { number: 903, proof: "The call to sts.amazonaws.com times out." },
  ),
  StsRegionalIgnored: cause(
    found(
      "broken",
      sts,
      "The pod asks for the regional endpoint of STS, and its program calls the global one: it knows no region, or has a client of its own.",
      "Set AWS_REGION as well; use the variables and not an option of the client.",
    ),
    {
      number: 904,
      proof: "AWS_STS_REGIONAL_ENDPOINTS is regional, and the call to sts.amazonaws.com times out.",
    },
  ),
  ProxyRefuses: cause(
    found(
      "broken",
      sts,
      "A proxy refuses the connection to STS.",
      "Let the proxy pass STS, or name its host in NO_PROXY where a VPC endpoint leads there.",
    ),
    { number: 905, proof: "The answer to CONNECT." },
  ),
  MeshNotReady: cause(
    found(
      "broken",
      sts,
      "The mesh's sidecar was not ready when the program first asked STS, and its SDK fell back to the node's role.",
      "Hold the program until the proxy runs (native sidecars, holdApplicationUntilProxyStarts), or exclude STS.",
    ),
    {
      number: 906,
      proof: "The program calls AWS as the node, the pod is injected, and a mesh's proxy runs in it.",
    },
  ),
  EgressDenied: cause(
    found(
      "broken",
      sts,
      "A NetworkPolicy keeps the pod from STS.",
      "Let the pod out to STS on port 443: by name where the CNI can, else by AWS's ranges or a VPC endpoint.",
    ),
    {
      number: 907,
      proof: "The addresses of STS against the egress rules of each NetworkPolicy that selects the pod.",
    },
  ),
  StsNameNotResolved: cause(
    found(
      "broken",
      sts,
      "The name of STS was not resolved in the pod.",
      "Look at cluster DNS from the pod; what runs before it needs dnsPolicy Default.",
    ),
    { number: 908, proof: "The error has no address, or says that there is no such host." },
  ),
  SessionNameInvalid: cause(
    found(
      "broken",
      sts,
      "AWS_ROLE_SESSION_NAME is longer than 64 characters, or has one that STS does not take.",
      "Cut it to 64 of the characters A–Z a–z 0–9 _ = , . @ -.",
    ),
    { number: 909, proof: "The variable against STS's pattern and length." },
  ),
  SessionTokenLeaks: cause(
    found(
      "broken",
      sts,
      "AWS_SESSION_TOKEN is set in the pod, and an SDK sends it with a call that has to be unsigned.",
      "Take AWS_SESSION_TOKEN out of the pod, and use a newer SDK.",
    ),
    {
      number: 910,
      proof: "The program is refused, the variable is set, and a bare call with a token is accepted.",
    },
  ),
  OtherCredentialsFirst: cause(
    found(
      "broken",
      sts,
      "The pod has variables that SDKs take before a web identity: a profile, or an agent's credentials.",
      "Take AWS_PROFILE and AWS_CONTAINER_CREDENTIALS_* out of the pod.",
    ),
    { number: 911, proof: "The names of the container's variables." },
  ),
  ContainerLacksRoots: cause(
    found(
      "broken",
      sts,
      "The program has no CA certificates by which it could verify STS.",
      "Install ca-certificates in the image, and point the client at them.",
    ),
    { number: 912, proof: "The call to STS fails with: unable to get local issuer certificate." },
  ),
  CredentialsHeld: cause(
    found(
      "broken",
      sts,
      "The program got credentials once, and keeps using them after they have expired.",
      "Let the SDK refresh them, or ask for a longer session.",
    ),
    {
      number: 913,
      proof: "ExpiredToken from a service, while STS gives credentials for a token minted now.",
    },
  ),
  SessionTooLong: cause(
    found(
      "broken",
      sts,
      "The program asks for a longer session than the role allows; from one role to the next an hour is the most.",
      "Ask for less (DurationSeconds), or raise the role's maximum: maxSession of the config, up to 12h.",
    ),
    { number: 916, proof: "STS says by how much it is asked too long: DurationSeconds." },
  ),
  StsRegionInactive: cause(
    found(
      "broken",
      sts,
      "The program calls STS in a region that is not active in the account.",
      "Activate the region for STS in the account's settings of IAM, or set AWS_REGION to one that is active.",
    ),
    { number: 917, proof: "STS says that it is not activated in this region." },
  ),
  EndpointPolicyDenies: cause(
    found(
      "broken",
      ["sts", "permission"],
      "The policy of the VPC endpoint in front of the service does not allow the call.",
      "Allow the action for the caller in the endpoint's policy; the trust policy has nothing to do with it.",
    ),
    { number: 918, proof: "The error names the policy: no VPC endpoint policy allows the action." },
  ),
  EgressWithoutDns: cause(
    found(
      "broken",
      sts,
      "NetworkPolicies let the pod out, and to no name server: it cannot look up the name of STS.",
      "Let the pod out to port 53, UDP and TCP, of the cluster's DNS.",
    ),
    { number: 919, proof: "Port 53 against the egress rules of each NetworkPolicy that selects the pod." },
  ),
  StsIncident: cause(
    found(
      "unseen",
      sts,
      "Every link holds, and STS fails: it looks like an incident at AWS.",
      "Look at AWS's status page, and wait; change nothing.",
    ),
    {
      number: 914,
      proof: "STS answers 5xx, or with a request ID of zeros, while every link before it holds.",
      verdict: "incident",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** What happens once the role was assumed. */
export const permissionCauses = {
  OwnRoleAssumed: cause(
    found(
      "broken",
      permission,
      "The program has the role already and assumes it once more, which its trust policy does not allow.",
      "Take the role out of the program's own config.",
    ),
    { number: 931, proof: "The role of the session and the role that is assumed are the same." },
  ),
  ServiceControlPolicy: cause(
    found(
      "broken",
      permission,
      "A policy of the organisation denies the action; the exchange is good.",
      "Ask the organisation's administrators, or stay within what it allows: region, tags.",
    ),
    { number: 932, proof: "The error names the type of the policy." },
  ),
  BoundaryForbids: cause(
    found(
      "warning",
      permission,
      "A role's permissions boundary allows nothing of some actions that its policies grant.",
      "Widen the boundary, or take the actions out of the policies: the role has only what both allow.",
    ),
    {
      number: 934,
      proof:
        "Each action of the policies against the boundary's statements; its resources and conditions are not judged.",
    },
  ),
  RefreshFellThrough: cause(
    found(
      "broken",
      ["sts", "permission"],
      "A refresh failed, and one call went out as the node.",
      "Give the program the web identity provider alone, with retries, and keep pods from the instance's metadata.",
    ),
    {
      number: 933,
      proof: "The error names an instance's session, and the log has a failed call of STS before it.",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;
