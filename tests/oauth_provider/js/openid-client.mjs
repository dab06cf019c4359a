import * as client from "openid-client";
import { browse, given, tell } from "./talk.mjs";

const secret =
  given.method === "client_secret_post"
    ? client.ClientSecretPost(given.client_secret)
    : client.ClientSecretBasic(given.client_secret);
const config = await client.discovery(new URL(given.issuer), given.client_id, given.client_secret, secret, {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: "openid profile email",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
});
const tokens = await client.authorizationCodeGrant(config, await browse(url), {
  pkceCodeVerifier,
  expectedState,
  expectedNonce,
  idTokenExpected: true,
});
const idToken = tokens.claims();

const active = await client.tokenIntrospection(config, tokens.access_token);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const userinfo = await client.fetchUserInfo(config, refreshed.access_token, idToken.sub);
const own = await client.clientCredentialsGrant(config);

await client.tokenRevocation(config, refreshed.access_token);
await client.tokenRevocation(config, refreshed.refresh_token);
let late = "";
try {
  await client.refreshTokenGrant(config, refreshed.refresh_token);
} catch (error) {
  late = error.error;
}

tell({
  id_token: idToken,
  userinfo,
  active,
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  own: await client.tokenIntrospection(config, own.access_token),
  revoked: await client.tokenIntrospection(config, refreshed.access_token),
  late,
});
