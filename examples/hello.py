"""Sends a message and waits for it to come back to a listener, through ctypes:  hello.py 127.0.0.1:9876 [libsluice.so]"""
import ctypes
import sys
import threading

LISTENER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t)


class Message(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("topic", ctypes.c_char_p), ("body", ctypes.c_char_p), ("body_size", ctypes.c_size_t),
                ("tag", ctypes.c_char_p), ("keys", ctypes.c_char_p), ("sharding_key", ctypes.c_char_p),
                ("properties", ctypes.c_void_p), ("property_count", ctypes.c_size_t), ("deliver_at_ms", ctypes.c_int64),
                ("deliver_after_ms", ctypes.c_int64), ("delay_level", ctypes.c_int32)]


def main(name_servers, library="libsluice.so"):
    sluice = ctypes.CDLL(library)
    for name in ("sluice_last_error", "sluice_options_new", "sluice_received_body"):
        getattr(sluice, name).restype = ctypes.c_void_p
    sluice.sluice_options_set.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    sluice.sluice_received_body.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)]

    def ok(code):
        if code != 0:
            sys.exit(ctypes.string_at(sluice.sluice_last_error()).decode())

    def made(function, *arguments):
        thing = ctypes.c_void_p()
        ok(function(*arguments, ctypes.byref(thing)))
        return thing

    options = ctypes.c_void_p(sluice.sluice_options_new())
    for name, value in {"name_servers": name_servers, "group": "py_greeters", "subscribe": "py_greetings", "start": "first"}.items():
        ok(sluice.sluice_options_set(options, name.encode(), value.encode()))
    client = made(sluice.sluice_client_new, options)
    producer = made(sluice.sluice_producer_new, client, options, None, None)
    body = "hello from Python".encode()
    message = Message(ctypes.sizeof(Message), b"py_greetings", body, len(body))
    ok(sluice.sluice_send(producer, ctypes.byref(message), None))

    came = threading.Event()

    @LISTENER
    def listen(_, messages, count):
        for i in range(count):
            size = ctypes.c_size_t()
            text = sluice.sluice_received_body(messages[i], ctypes.byref(size))
            print("got", ctypes.string_at(text, size.value).decode())
            came.set()
        return 0

    consumer = made(sluice.sluice_consumer_new, client, options, listen, None)
    got = came.wait(30)
    sluice.sluice_consumer_free(consumer)
    sluice.sluice_producer_free(producer)
    sluice.sluice_client_free(client)
    sluice.sluice_options_free(options)
    return 0 if got else 1


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["127.0.0.1:9876"])))
