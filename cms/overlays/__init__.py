"""The municipality's own settings of a service, changed by pages (`catalogue.overlay`)."""
