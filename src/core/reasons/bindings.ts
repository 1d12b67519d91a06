import { found, ok, type ReasonEntry } from "./entry.ts";

const refused = (summary: string, next: string) => found("broken", ["trust"], summary, next);

/** Reasons about bindings of ServiceAccounts to roles. */
export const bindingReasons = {
  BindingInvalid: refused(
    "A binding or a trust is one that the API server would no longer accept: it was made under other rules.",
    "Correct what the message names, field by field.",
  ),
  TrustMissing: found(
    "unseen",
    ["trust"],
    "The trust that a binding names does not exist: what it has is neither taken away nor given anew.",
    "Apply the trust of that name (again), or delete the binding and make one that names another.",
  ),
  NamespaceNotGranted: refused(
    "No grant of the trust is for the binding's namespace and ServiceAccount.",
    "Ask the owner of the trust for a grant that names both.",
  ),
  GrantFull: refused(
    "Older bindings have as many managed roles or identities as the grant gives.",
    "Ask for a larger maxRoles or maxIdentities of the grant, or delete bindings that are no longer needed.",
  ),
  AccountAmbiguous: refused(
    "A role of a binding names no account, and its AWSTrust has several.",
    "Name the account in the role.",
  ),
  AccountUnknown: refused(
    "A role of a binding is for an account that its AWSTrust does not have.",
    "Choose an account of the AWSTrust.",
  ),
  AccountNotGranted: refused(
    "The grant is not for the account of a role.",
    "Choose an account of the grant, or ask for one that names it.",
  ),
  PolicyNotGranted: refused(
    "The grant does not allow a managed policy of a role.",
    "Choose policies of the grant, or ask for one that names it.",
  ),
  InlinePolicyNotGranted: refused(
    "The grant allows no policies of a role's own.",
    "Use managed policies, or ask for a grant with inline: true and a boundary.",
  ),
  SessionNotGranted: refused(
    "A role asks for longer sessions than the grant allows.",
    "Ask for less in maxSessionSeconds.",
  ),
  RoleNotGranted: refused(
    "The grant does not name the existing role of a binding.",
    "Ask for a grant that names it in existingRoles.",
  ),
  AdoptionNotGranted: refused(
    "The grant does not let a role be taken over.",
    "Ask for a grant that names it in adoptRoles.",
  ),
  RetainNotGranted: refused(
    "The grant does not let a role stay when its binding goes.",
    "Leave out onDelete: Retain, or ask for a grant with retain: true.",
  ),
  ChainNotGranted: refused(
    "The grant does not name the role that a role of the binding is to assume.",
    "Ask for a grant that names it in chainedRoles.",
  ),
  TagNotGranted: refused(
    "A role sets a tag that the grant sets to something else.",
    "Leave the tag out: the grant sets it.",
  ),
  GroupAmbiguous: refused(
    "A binding names no resource group, and its AzureTrust has several.",
    "Name the group in the binding.",
  ),
  GroupUnknown: refused(
    "A binding is for a resource group that its AzureTrust does not have.",
    "Choose a group of the AzureTrust.",
  ),
  GroupNotGranted: refused(
    "The grant is not for the resource group of the binding's identity.",
    "Choose a group of the grant, or ask for one that names it.",
  ),
  IdentityNotGranted: refused(
    "The grant does not name the existing identity of a binding, or the identity is podtrust's own.",
    "Ask for a grant that names it in identities; of podtrust's own identity there is none.",
  ),
  CreationNotGranted: refused(
    "The grant lets no identity be made.",
    "Name an existing identity, or ask for a grant with create: true.",
  ),
  EmailNotGranted: refused(
    "The grant does not name the service account of Google that a binding asks for, or it is podtrust's own.",
    "Ask for a grant that names it in emails; of podtrust's own service account there is none.",
  ),
  DirectNotGranted: refused(
    "The grant lets no ServiceAccount be a principal of its own at Google.",
    "Name a service account in email, or ask for a grant with direct: true.",
  ),
  SubjectTooLong: refused(
    "Namespace and name of a ServiceAccount make a subject that is longer than Google takes.",
    "Give the ServiceAccount or its namespace a shorter name.",
  ),
  PrincipalNamed: ok(
    ["trust"],
    "A ServiceAccount is a principal of its own at Google, which policies of resources name.",
  ),
  MemberSettling: found(
    "unseen",
    ["sts"],
    "A service account's policy was changed a moment ago, and Google does not apply it yet.",
    "Wait: it takes Google a minute or two, and is checked again automatically.",
  ),
  MemberKept: found(
    "warning",
    ["trust"],
    "A binding was deleted and a service account of Google still lets its ServiceAccount in, because Google could not be asked in time.",
    "The operator that knew the binding tries again while it runs, and says when it is gone. Otherwise take the principal that the message names out of the service account's policy.",
  ),
  MemberUnclaimed: found(
    "warning",
    ["trust"],
    "A service account of Google lets in a principal of the bindings' pool that no binding here has. It stays, since nothing at Google says who made it.",
    "Apply the binding again, which takes it; or take the principal that the message names out of the service account's policy.",
  ),
  BindingGranted: ok(["trust"], "A grant allows all of what the binding asks for."),
  PolicyMissing: refused(
    "A managed policy or permissions boundary that a role is to have does not exist in its account.",
    "Make the policy, or correct its ARN in the binding or the grant.",
  ),
  QuotaReached: refused(
    "A role would be more than the account's quotas allow.",
    "Raise the quota that the message names, or bind less.",
  ),
  RolePending: found(
    "unseen",
    ["trust"],
    "IAM is asked to make the first role of a binding, or made it a moment ago, and STS does not accept it yet.",
    "Wait: it takes AWS some seconds, and is checked again automatically.",
  ),
  RoleSettling: found(
    "unseen",
    ["sts"],
    "The role was made or changed a moment ago, and STS does not know it yet.",
    "Wait: it takes AWS some seconds, and is checked again automatically.",
  ),
  CredentialPending: found(
    "unseen",
    ["trust"],
    "Azure is asked for a binding's federated credential, or takes other writes of the same identity before it.",
    "Wait: Azure takes one write of an identity in four seconds, and it is retried automatically.",
  ),
  CredentialSettling: found(
    "unseen",
    ["sts"],
    "The federated credential was made or changed a while ago, and Entra does not know it yet, or not yet the issuer's keys.",
    "Wait: a credential takes some minutes, an issuer that is new to Entra up to half an hour. It is asked again automatically.",
  ),
  RoleRetained: ok(
    ["trust"],
    "A binding was deleted and its role stays, as onDelete: Retain says; its ServiceAccount is no longer let in, and one that was taken over has its former trust policy back.",
  ),
  RoleKept: found(
    "warning",
    ["trust"],
    "A binding was deleted and a role of it is still there: AWS could not be asked in time, or the role could not be changed.",
    "It is deleted, or closed where it is to stay, as soon as AWS lets it; the message says why it does not. A right that the operator lacks is given by podtrust up, or delete the role by hand.",
  ),
  IdentityKept: found(
    "warning",
    ["trust"],
    "A binding was deleted and its federated credential, or the identity that was made for it, is still there.",
    "A credential is deleted as soon as Azure answers. Of an identity the message says why it stays: delete it by hand.",
  ),
  IdentityUnclaimed: found(
    "warning",
    ["trust"],
    "A managed identity carries the mark of a binding that is not here. It stays, since rights may have been given to it.",
    "Apply the binding again, which takes the identity; or delete the identity by hand.",
  ),
  ScopeGone: refused(
    "A binding is to have something in an account, a resource group or a pool that its trust has, and that a person says is gone.",
    "Take the id out of the annotation podtrust.dev/gone of the trust, or it out of the spec.",
  ),
  ScopeLeaving: found(
    "warning",
    ["trust"],
    "An account, a resource group or a pool left the trust, and something of bindings is still there: it lets nobody in any more, or is about to.",
    "Nothing has to be done while bindings go. Delete the bindings that the message leads to, or what it names by hand.",
  ),
  ScopeNotAsked: found(
    "broken",
    ["trust"],
    "An account, a resource group or a pool left the trust, and podtrust cannot look there any more: what bindings have there may still let them in.",
    "Give podtrust its rights there back until it is empty; or say that it is gone by the annotation podtrust.dev/gone at the trust.",
  ),
  RoleUnclaimed: found(
    "warning",
    ["trust"],
    "A role carries the stack's mark, was made before the AWSTrust, and no binding here claims it: most likely a lost cluster's.",
    "Apply the binding again, which takes the role; or consent to its deletion by the annotation podtrust.dev/delete-earlier-roles=true at the AWSTrust.",
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why a binding is refused, or not ready yet. */
export type BindingReason = keyof typeof bindingReasons;
