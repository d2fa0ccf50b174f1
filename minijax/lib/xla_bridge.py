"""The backend, under the name that older libraries use."""

from minijax.extend.backend import get_backend as get_backend
from minijax.placement import default_backend as default_backend
from minijax.placement import device_count as device_count
from minijax.placement import devices as devices
from minijax.placement import host_count as host_count
from minijax.placement import host_id as host_id
from minijax.placement import local_device_count as local_device_count
from minijax.placement import local_devices as local_devices
from minijax.placement import process_count as process_count
from minijax.placement import process_index as process_index
