"""The backend, under the name that older libraries use."""

from minijax.devices import default_backend as default_backend
from minijax.devices import device_count as device_count
from minijax.devices import devices as devices
from minijax.devices import host_count as host_count
from minijax.devices import host_id as host_id
from minijax.devices import local_device_count as local_device_count
from minijax.devices import local_devices as local_devices
from minijax.devices import process_count as process_count
from minijax.devices import process_index as process_index
from minijax.extend.backend import get_backend as get_backend
