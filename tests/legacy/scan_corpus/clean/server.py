from flask import Flask

app = Flask(__name__)
project = {"project": "main", "group": "users"}


@app.route("/jobs/<id>/results")
def results(id):
    return {"hub": "a switch", "id": id}
