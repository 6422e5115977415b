class Model {
    String hub, group, project;
    Model(String hub, String group) { this.hub = hub; this.group = group; }
    String url = "https://example.org/jobs";
}
