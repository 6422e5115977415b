// Swagger UI on the classic document; "Authorize" takes an API token.

SwaggerUIBundle({
  url: "/openapi/openapi.json",
  domNode: document.querySelector("#reference"),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
