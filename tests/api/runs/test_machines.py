"""A server, a worker, and a worker with a label: three data folders, one database, one store."""

import json
import shutil
import signal
import sys
import textwrap

import psutil
import pytest

from printroom.core.settings import Settings
from printroom.database.engine import Database
from printroom.jobs.queue import Queue
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

STEPS = {
    "light": """
        from printroom_step import step

        @step
        def light(text: str, log: str) -> str:
            with open(log, "a") as file:
                file.write("light\\n")
            return text + " light"
        """,
    "heavy": """
        import time
        from printroom_step import step

        @step
        def heavy(text: str, log: str, pause: float) -> str:
            with open(log, "a") as file:
                file.write("heavy\\n")
            time.sleep(pause)
            return text + " heavy"
        """,
}
CHAIN = """
name: chain
inputs: {text: text}
steps:
  one: {use: light, with: {text: $text, log: LOG}}
  two: {use: heavy, with: {text: $one.result, log: LOG, pause: PAUSE}}
"""


@pytest.fixture
def step(tmp_path):
    """The folder of a step that needs no packages."""

    def write(name):
        folder = tmp_path / "steps" / name
        folder.mkdir(parents=True)
        (folder / "step.py").write_text(textwrap.dedent(STEPS[name]))
        toml = f'name = "{name}"\nentry = "step.py"\npython = "3.{sys.version_info[1]}"\n'
        (folder / "step.toml").write_text(
            toml + ('[resources]\nlabels = ["gpu"]\n' * (name == "heavy"))
        )
        return folder

    return {name: write(name) for name in STEPS}


@pytest.fixture
def prepared(tmp_path, models, step):
    """Data folders: the server and the labelled worker have both steps, the other has one."""

    def make(pause, url):
        log = tmp_path / "steps.log"
        log.touch()
        text = CHAIN.replace("LOG", json.dumps(str(log))).replace("PAUSE", str(pause))
        for name, has in [("server", STEPS), ("far", STEPS), ("near", ["light"])]:
            settings = Settings(data=tmp_path / name, models=(models,), database_url=url)
            with Workshop(settings) as workshop:
                for one in has:
                    workshop.add_step(step[one])
                if name == "server":
                    workshop.shelf.publish(PipelineSpec.from_yaml(text))
        return log

    return make


@pytest.mark.slow
def test_a_step_with_a_label_is_done_where_the_label_is(
    tmp_path, models, tools, postgres, prepared
):
    url = postgres.create()
    log = prepared(0, url)
    shared = {"database_url": url, "store_hub": f"fs://{tmp_path / 'store'}", "assets": "hub/runs"}
    with tools.Installation(tmp_path / "server", models, http_worker="0", **shared) as made:
        client = made.serve()
        near = made.run("work", data=str(tmp_path / "near"))
        body = {"target": "chain", "input": {"text": "hello"}}
        waits = client.post("/v1/runs", json=body, headers={"prefer": "wait=2"}).json()
        assert waits["status"] == "queued"  # nobody has the label
        far = made.run("work", "--labels", "gpu", data=str(tmp_path / "far"))
        run = client.get(waits["urls"]["get"], headers={"prefer": "wait=60"}).json()
        assert run["output"] == {"result": "hello light heavy"}, run
        with_label = _worker_of(url, run["id"])
        assert with_label[-1] == far.pid
        picture = tools.upload(client, tools.png()[0])
        tools.publish(tmp_path / "server", models, url=url)
        plain = {"target": "double", "input": {"image": picture}}
        done = client.post("/v1/runs", json=plain, headers={"prefer": "wait=60"}).json()
        made_of = client.get(f"/v1/files/{done['output']['image']['file']}/content")
        assert made_of.status_code == 200  # wherever it was made
        assert made.stop(near) == made.stop(far) == made.stop(made.server) == 0
    steps = log.read_text().split()
    assert steps.count("heavy") == 1
    assert not list((tmp_path / "near" / "assets").glob("*"))


def _worker_of(url, run):
    """Pids of the workers that had a run, in order."""
    database = Database.open(url)
    queue = Queue(database)
    try:
        pids = {worker.id: worker.pid for worker in queue.workers()}
        started = [event for event in queue.events(run) if event.kind == "started"]
        return [pids[event.data["worker"]] for event in started]
    finally:
        queue.close()
        database.close()


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_goes_on_at_its_step(
    tmp_path, models, tools, postgres, prepared
):
    url = postgres.create()
    log = prepared(3, url)
    shutil.copytree(tmp_path / "server" / "steps", tmp_path / "near" / "steps", dirs_exist_ok=True)
    shared = {"database_url": url, "store_hub": f"fs://{tmp_path / 'store'}"}
    with tools.Installation(
        tmp_path / "server", models, http_worker="0", assets="hub", **shared
    ) as made:
        client = made.serve()
        first = made.run("work", "--labels", "gpu", data=str(tmp_path / "near"))
        body = {"target": "chain", "input": {"text": "hello"}}
        run = client.post("/v1/runs", json=body).json()
        tools.eventually(lambda: "heavy" in log.read_text())
        children = psutil.Process(first.pid).children(recursive=True)
        first.send_signal(signal.SIGKILL)
        first.wait()
        for child in children:
            child.wait(20)
        made.run("work", "--labels", "gpu", data=str(tmp_path / "far"))
        done = client.get(run["urls"]["get"], headers={"prefer": "wait=60"}).json()
    assert done["output"] == {"result": "hello light heavy"}, done
    assert done["attempt"] == 2
    assert log.read_text().split() == ["light", "heavy", "heavy"]
