"""The smallest files that configure a lane."""

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, 7.1, test 1

CENTRAL = f"""
[central]
broker = "mqtt://127.0.0.1:1883"
blobs = "http://127.0.0.1:8080"
key = "{KEY}"
"""

EGATE = (
    """site = "demo"
unit = "egate-01"
kind = "egate"
data = "egate-01"
"""
    + CENTRAL
    + """
[devices.gate]
url = "/dev/ttyS1"
[devices.document_reader]
url = "/dev/ttyS2"
dialect = "lines"
[devices.chip_reader]
url = "vpcd://127.0.0.1:35963"
[devices.page_camera]
url = "http://127.0.0.1:9000/"
[devices.face_camera]
url = "0"
"""
)

SCANNER = (
    """site = "demo"
unit = "scanner-01"
kind = "scanner"
data = "/var/lib/border/scanner-01"
"""
    + CENTRAL
    + """
[devices.conveyor]
url = "/dev/ttyS1"
[devices.xray_source]
url = "/dev/ttyS2"
[devices.detector]
url = "socket://127.0.0.1:4001"
"""
)
