// Where AWS credentials are looked for, in the order of AWS's own tools: the environment, a web identity (EKS), the
// profile (its own keys, or a role by way of another profile, the environment, the container or the instance), the
// container's endpoint, the instance's metadata. The first that is configured counts: if it fails, that is the error,
// and no other is taken silently. Files and variables' files are read again for every renewal.
#pragma once

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/environment.h"
#include "net/web_client.h"

namespace carillon::aws {

// For a CredentialProvider. The settings say where STS is. Errors (Config, Io) name each place and why it had none,
// never a secret. The web client must outlive it.
CredentialProvider::Fetch credential_chain(net::WebClient& web, Environment environment, Settings settings,
                                           Clock clock = wall_clock_now);

}  // namespace carillon::aws
