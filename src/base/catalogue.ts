/**
 * Every error a person can meet, by its stable code.
 *
 * `summary` says what the code means whatever the value was; `next` is the step to take when the place that
 * throws has no better one. docs/reference/errors.md is generated from here, and a test keeps both the same.
 * A code, once released, is never given another meaning.
 */
export interface CatalogueEntry {
  readonly summary: string;
  readonly next: string;
}

export const catalogue = {
  // base and command line
  usage: {
    summary: "The command was called in a way it does not understand.",
    next: "Run the command with --help to see what it takes.",
  },
  internal: {
    summary: "podtrust met something it did not expect: a fault of ours.",
    next: "Report it with the output of the same command and -v.",
  },
  interrupted: {
    summary: "The work was ended by a signal before it was done.",
    next: "Run the same command again; it goes on from what stands.",
  },
  "deadline-exceeded": {
    summary: "Something that was waited for did not happen in time.",
    next: "Look at the reason given, mend it, and run the command again.",
  },
  "file-unreadable": {
    summary: "A file that was named could not be read.",
    next: "Check that the path is right and that this user may read it.",
  },
  "file-unwritable": {
    summary: "A file could not be written.",
    next: "Check free space, and that this user may write to the folder.",
  },
  // outgoing HTTP
  "http-url-invalid": {
    summary: "An address to fetch is not a legal http or https URL.",
    next: "Correct the address.",
  },
  "http-unreachable": {
    summary: "A server could not be reached: its name did not resolve or no connection came about.",
    next: "Check the name, the network path and that the server is running.",
  },
  "http-tls": {
    summary: "A server's certificate could not be verified, or the TLS handshake failed.",
    next: "Check the served chain and name; for a private CA give --ca FILE.",
  },
  "http-timeout": {
    summary: "A server did not answer in time.",
    next: "Check the server's load and the network path, then try again.",
  },
  "http-too-large": {
    summary: "A server's answer was larger than is accepted.",
    next: "Check that the address names the right document.",
  },
  // kubernetes
  "kubeconfig-invalid": {
    summary: "A kubeconfig is not of the form that kubectl reads.",
    next: "Check the file with kubectl config view --kubeconfig FILE.",
  },
  "kubeconfig-context": {
    summary: "A kubeconfig has no such context, or none is current.",
    next: "Name one of the file's contexts.",
  },
  "kubeconfig-unsupported": {
    summary: "A kubeconfig asks for something that podtrust does not do.",
    next: "Use a client certificate, a token or an exec plugin over verified HTTPS.",
  },
  "cluster-unreachable": {
    summary: "The cluster's API server could not be reached.",
    next: "Check the server's address, the network path to it and that it runs.",
  },
  "cluster-credentials": {
    summary: "The credentials for the cluster could not be had.",
    next: "Check the token file, the certificate or the exec plugin that is named.",
  },
  "cluster-unauthenticated": {
    summary: "The cluster does not know the credentials that it was given (401).",
    next: "Check that the token or certificate is of this cluster and has not expired.",
  },
  "cluster-forbidden": {
    summary: "The cluster knows the credentials, and they have no right to what was asked (403).",
    next: "Give them the right that is missing.",
  },
  "cluster-not-found": {
    summary: "The cluster does not have what was asked for (404).",
    next: "Check the name and the namespace.",
  },
  "cluster-conflict": {
    summary:
      "Another manager owns a field of the object, or the object is no longer the one that was meant (409).",
    next: "Look at who manages it: kubectl get --show-managed-fields -o yaml; where ours shall win, give --force-conflicts.",
  },
  "cluster-refused": {
    summary: "The cluster's API or its admission refuses the object as it was given.",
    next: "Read the cluster's words in the message: they name the field or the policy.",
  },
  "cluster-answer-invalid": {
    summary: "The cluster's answer was cut short, too large, or not what the Kubernetes API gives.",
    next: "Check that the address is an API server's, and look at the server's own log.",
  },
  "token-lifetime": {
    summary: "A token was asked for with a lifetime that Kubernetes does not give.",
    next: "Ask for 600 seconds or more.",
  },
  // oidc
  "issuer-invalid": {
    summary: "An issuer URL is one that AWS refuses, or whose tokens it could never match.",
    next: "Use https://, a domain name and at most a path; no port, query or fragment, 255 characters at most.",
  },
  "discovery-invalid": {
    summary: "A discovery document lacks what AWS needs of it, or cannot be read.",
    next: "Look at what the issuer serves at /.well-known/openid-configuration.",
  },
  "jwks-invalid": {
    summary:
      "A JWK Set cannot be published: it cannot be read, is ambiguous, holds a private key or nothing of use.",
    next: "Look at what the cluster serves at /openid/v1/jwks.",
  },
  "token-invalid": {
    summary: "What was given is not a signed JSON Web Token in its compact form.",
    next: "Give the token itself: three base64url parts joined by dots, at most 20,000 characters.",
  },
  "subject-invalid": {
    summary: "A Namespace or ServiceAccount has a name that Kubernetes does not allow.",
    next: "Give it as NAMESPACE/NAME, in lower case, as kubectl prints it.",
  },
  // trust
  "policy-malformed": {
    summary: "A policy document is one that IAM refuses.",
    next: "Correct the policy where the message says; IAM answers the same words.",
  },
  // plan
  "plan-name-taken": {
    summary: "Something with the wanted name exists already and does not carry this stack's mark.",
    next: "Choose another name, or take it over after looking at it with podtrust import.",
  },
  "plan-changed": {
    summary: "What stands at the provider changed between showing the plan and acting on it.",
    next: "Look at the new plan and decide again.",
  },
  "plan-nothing-there": {
    summary: "Something was to be taken over that does not exist.",
    next: "Check the name; podtrust up makes what is not there.",
  },
  // stack
  "workload-role-unknown": {
    summary: "No role of the config trusts the ServiceAccount, or more than one does.",
    next: "Add the ServiceAccount to a role's serviceAccounts in the config, then run podtrust up.",
  },
  "workload-namespace-missing": {
    summary: "The namespace of a workload is not there.",
    next: "Make it: kubectl create namespace NAME.",
  },
  "workload-issuer": {
    summary:
      "The cluster's issuer or keys are not the ones that are configured and published: AWS would refuse its tokens.",
    next: "Run podtrust status: it shows which of the three differs.",
  },
  "workload-role-absent": {
    summary: "The role of a workload is not in the AWS account, or does not admit its ServiceAccount.",
    next: "Run podtrust up, then the same command again.",
  },
  "workload-failed": {
    summary: "The workload ran and failed.",
    next: "Read its log above; podtrust status shows each link of the chain.",
  },
  "issuer-unreached": {
    summary:
      "The issuer could not be read from outside as AWS will read it, so nothing was made that trusts it.",
    next: "Publish it first (podtrust serve), and look at the two documents at its public name.",
  },
  // config
  "config-unreadable": {
    summary: "The config file could not be read as YAML.",
    next: "Check the path given with -f, and the file's syntax at the lines named.",
  },
  "config-invalid": {
    summary: "The config file has mistakes; all of them are listed.",
    next: "Correct each of them; docs/reference/config.md says what every key takes.",
  },
  "config-without-publisher": {
    summary: "The config has no publisher section, which means that somebody else serves the issuer.",
    next: "Add a publisher section to serve the issuer from here, or leave serving to whoever does it.",
  },
  "config-without-aws": {
    summary: "The config names no AWS account.",
    next: "Add an aws section with the account, its region and its roles.",
  },
  "config-without-s3": {
    summary: "The config does not publish to S3.",
    next: "Give the publisher section s3: {bucket, region} in place of https.",
  },
  // publisher
  "publisher-key-unknown": {
    summary: "A key was named that the publisher does not know.",
    next: "Take a kid that podtrust rotate status shows.",
  },
  "publisher-last-key": {
    summary: "Distrusting the key would leave nothing to publish, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key first; to refuse every token at once, delete the OIDC provider in IAM.",
  },
  "publisher-stack-invalid": {
    summary: "An issuer cannot be published as it was given.",
    next: "Correct the stack's config.",
  },
  "publisher-listen": {
    summary: "An address could not be listened on.",
    next: "Check that no other process uses it and that this user may; below port 1024 use socket activation or CAP_NET_BIND_SERVICE.",
  },
  "publisher-running": {
    summary: "Another publisher uses the same state directory.",
    next: "End the other one, or give this one a state directory of its own.",
  },
  "publisher-not-running": {
    summary: "No publisher answers on the control socket of the state directory.",
    next: "Start podtrust serve, or name its state directory with --state.",
  },
  "publisher-admin-credentials": {
    summary: "The publisher was given an administrator's credentials for the cluster.",
    next: "Give it rights of its own, two paths to read: podtrust manifests publisher-rbac | kubectl apply -f -",
  },
  "publisher-as-root": {
    summary: "The publisher does not run as root.",
    next: "Run it as a user of its own; ports below 1024 come by socket activation (LISTEN_FDS) or the ambient capability CAP_NET_BIND_SERVICE.",
  },
  "publication-foreign": {
    summary: "The place to publish in holds the documents of another issuer.",
    next: "Publish elsewhere (another bucket, or an issuer with a path), or remove that discovery document first.",
  },
  "publication-refused": {
    summary: "What the cluster answered must not be published.",
    next: "Look at the reason; what was published before stays.",
  },
  "publication-conflict": {
    summary: "Other publishers kept writing to the same place.",
    next: "Run the same command again; look for publishers that you do not know of when it goes on.",
  },
  "publication-empty": {
    summary: "Every key is distrusted, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key; until then the old documents stay.",
  },
  "publication-full": {
    summary: "A JWK Set that several publishers share has more keys than they can tell each other of.",
    next: "Give stacks of one issuer issuers of their own, or keep vanished keys for a shorter time (keyRetention).",
  },
  // acme
  "acme-directory-invalid": {
    summary: "The address of a CA is not that of an ACME directory, or not one whose answers can be trusted.",
    next: "Give the directory URL as the CA's documentation has it, with https://.",
  },
  "acme-answer-invalid": {
    summary: "A CA's answer is not what ACME asks for.",
    next: "Check that the address is an ACME directory and that no proxy answers in its place.",
  },
  "acme-refused": {
    summary: "The CA refused a request.",
    next: "Look at the reason that the CA gave.",
  },
  "acme-unavailable": {
    summary: "The CA failed to answer a request properly.",
    next: "Wait: the attempt is repeated; look at the CA's status page when it goes on.",
  },
  "acme-rate-limited": {
    summary: "The CA has had too many requests, orders or failures from this account, address or name.",
    next: "Wait until the time that the CA named; use its staging directory while testing.",
  },
  "acme-account-refused": {
    summary: "The CA does not accept the account, its contact, its binding or its agreement.",
    next: "Look at the reason that the CA gave, and at the CA's terms.",
  },
  "acme-account-unknown": {
    summary: "The CA knows no account with this key.",
    next: "A new one is made with the next attempt.",
  },
  "acme-name-refused": {
    summary: "The CA issues no certificate for this name.",
    next: "Check the name; public CAs take public names only.",
  },
  "acme-profile-unknown": {
    summary: "The CA offers no certificate profile of this name.",
    next: "Choose one of the CA's profiles, or none.",
  },
  "acme-caa": {
    summary: "A CAA record of the name, or of one above it, forbids this CA to issue.",
    next: "Add a CAA record that names the CA (and the account, where it names accounts).",
  },
  "acme-no-solver": {
    summary: "The CA offers none of the challenges that are set up.",
    next: "Set up one of the challenges that the CA offers for this name.",
  },
  "acme-challenge-failed": {
    summary: "The CA could not verify that the name is ours.",
    next: "Check that the name leads to this machine, from everywhere.",
  },
  "acme-certificate-invalid": {
    summary: "The certificate that a CA gave is not the one that was asked for.",
    next: "Report it to the CA; the old certificate goes on being served.",
  },
  // tls
  "certificate-invalid": {
    summary: "A certificate and key cannot be served together.",
    next: "Give a PEM chain, leaf first, and the private key that belongs to its leaf.",
  },
  "certificate-store-invalid": {
    summary: "A file of the certificate store is not what podtrust wrote.",
    next: "Move the file that is named away; a new account or certificate is then made.",
  },
  // demo
  "demo-link-broken": {
    summary: "The demo's story broke at a link of the chain.",
    next: "Look at the reason; run the demo with -v for the log of every part.",
  },
  "demo-not-ready": {
    summary: "The demo's publisher did not come to hold documents and a certificate in time.",
    next: "Run the demo again with -v, and look at what it says is missing.",
  },
  "demo-document-missing": {
    summary: "The published documents could not be read back as AWS would read them.",
    next: "Run the demo again with -v for the publisher's log.",
  },
  "demo-job-failed": {
    summary: "The demo's workload ended without an answer.",
    next: "Run the demo again with -v.",
  },
  "demo-not-refused": {
    summary: "Somebody who should have been turned away was let in, or was refused for another reason.",
    next: "Report it: this is exactly what must not happen.",
  },
  // aws
  "aws-no-credentials": {
    summary: "No AWS credentials were found, or AWS does not know them.",
    next: "Sign in (aws sso login, aws configure), set AWS_PROFILE, or name a profile in the config.",
  },
  "aws-credentials-expired": {
    summary: "The AWS credentials have expired.",
    next: "Sign in again, then run the same command.",
  },
  "aws-credentials-refused": {
    summary: "AWS knows the access key but not the signature made with it.",
    next: "Check that the secret belongs to the key, and that nothing between here and AWS rewrites requests.",
  },
  "aws-denied": {
    summary: "AWS refused a call: the caller may not do this.",
    next: "Give the caller the permission named in the message, or use other credentials.",
  },
  "aws-throttled": {
    summary: "AWS asked to slow down, and went on asking after several tries.",
    next: "Wait a minute and run the same command again; it goes on from what stands.",
  },
  "aws-clock": {
    summary: "This machine's clock differs from AWS's by more than AWS accepts.",
    next: "Set the clock (timedatectl set-ntp true), then run the same command.",
  },
  "aws-quota": {
    summary: "A quota of the AWS account is used up.",
    next: "Remove what is no longer needed, or ask AWS for a higher quota of the name in the message.",
  },
  "aws-unavailable": {
    summary: "AWS answered that it is in trouble itself.",
    next: "Wait and run the same command again; it goes on from what stands.",
  },
  "aws-unreachable": {
    summary: "AWS, or what AWS_ENDPOINT_URL names in its place, could not be reached.",
    next: "Check the network, the region's name, and AWS_ENDPOINT_URL.",
  },
  "aws-refused": {
    summary: "AWS refused a call for a reason of its own, given in the message.",
    next: "Read AWS's text in the message; the code is AWS's own.",
  },
  "s3-bucket-missing": {
    summary: "There is no such bucket.",
    next: "Make it, in the region that the config names, or correct publisher.s3.bucket.",
  },
  "s3-wrong-region": {
    summary: "The bucket is in another region than the config says.",
    next: "Correct publisher.s3.region; the message has what S3 said.",
  },
  "s3-object-invalid": {
    summary: "What stands under one of the documents' keys in the bucket is no document of ours.",
    next: "Look at the object, and move it away or publish under other keys.",
  },
  "aws-wrong-account": {
    summary: "The credentials belong to another account than the config names.",
    next: "Use credentials of the account in the config (profile or assumeRole), or correct the account.",
  },
  "aws-role-path": {
    summary: "A role exists under another path than the config says, and a path cannot be changed.",
    next: "Set the path in the config to the one the role has, or choose another name.",
  },
  "aws-policy-missing": {
    summary: "A managed policy that a role is to have does not exist, or cannot be attached.",
    next: "Correct its ARN in the config, or create the policy first.",
  },
  "aws-not-assumable": {
    summary: "STS went on refusing a role long after IAM should have told it.",
    next: "Run podtrust explain with the same token and role: it says which rule refuses.",
  },
  // sandbox
  "sandbox-state-invalid": {
    summary: "A file of the sandbox's state folder cannot be used.",
    next: "Name another folder with --state, or move the file away to start without what it held.",
  },
  "sandbox-state-locked": {
    summary: "The sandbox's state folder is in use by another process.",
    next: "End that process, or name another folder with --state.",
  },
  "sandbox-listen": {
    summary: "The sandbox could not listen on its address.",
    next: "Choose another --port, or end the process that uses this one.",
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The closed set of error codes. */
export type ErrorCode = keyof typeof catalogue;
