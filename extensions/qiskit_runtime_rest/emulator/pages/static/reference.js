// Swagger UI on this server's own contract, logged in with the well-known key.

const GRANT = "urn:ibm:params:oauth:grant-type:apikey";
const VERSION_HEADER = "IBM-API-Version";

const say = (text) => (document.querySelector("#authorised").textContent = text);

async function json(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(`${path} responded with ${answer.status}.`);
  return answer.json();
}

function forThisServer(contract) {
  const { components } = contract;
  // Otherwise the first responses would have the shape of the oldest version.
  const newest = { ...components.parameters[VERSION_HEADER], example: contract.info.version };
  return {
    ...contract,
    servers: [{ url: `${location.origin}/api`, description: "This server." }],
    components: { ...components, parameters: { ...components.parameters, [VERSION_HEADER]: newest } },
  };
}

async function authorise() {
  const body = new URLSearchParams({ grant_type: GRANT, apikey: login.api_key });
  try {
    const token = await json("/identity/token", { method: "POST", body });
    ui.preauthorizeApiKey("IBMCloudAuth", token.access_token);
    ui.preauthorizeApiKey("ServiceCRN", login.instance);
    say("logged in with the well-known key: “Try it out” works");
  } catch (error) {
    say(`not logged in: ${error.message} Reload to try again.`);
  }
}

const [contract, { login }] = await Promise.all([json("/api/openapi.json"), json("/_emulator/overview")]);
const ui = SwaggerUIBundle({
  spec: forThisServer(contract),
  domNode: document.querySelector("#reference"),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
  onComplete: authorise,
  responseInterceptor: (response) => {
    // Expired, logged out, or spoilt by a fault rule: the next try has a new token.
    if (response.status === 401) authorise();
    return response;
  },
});
