// A certified OpenID provider (npm oidc-provider) on loopback, told in $TOLD whom it knows and which client it has.

const { default: Provider } = await import(process.env.LIBRARY);
const told = JSON.parse(process.env.TOLD);

const provider = new Provider(told.issuer, {
  clients: [
    {
      client_id: told.client_id,
      client_secret: told.client_secret,
      redirect_uris: [`${told.console}/sign-in/done`],
      post_logout_redirect_uris: [`${told.console}/signed-out`],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub", "groups"], profile: ["name"], email: ["email", "email_verified"] },
  conformIdTokenClaims: told.lean, // claims by the userinfo endpoint only, as the specification would have it
  cookies: { keys: ["one key for the tests"] },
  findAccount: (_context, id) =>
    told.people[id] && { accountId: id, claims: () => ({ sub: id, ...told.people[id] }) },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
});

provider.listen(told.port, "127.0.0.1", () => console.log("ready"));
