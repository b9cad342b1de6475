// A program that uses the library, and says what the library has changed in its process.
// Usage: Proxyless.HostProbe nothing|load-only|everything|resolver FOLDER
//        mpirun -n N Proxyless.HostProbe group-CASE
using System.Runtime.InteropServices;
using System.Text.Json;
using Proxyless;
using Proxyless.HostProbe;
using Proxyless.Runs;
using Proxyless.Runtime;
using TorchSharp;

string mode = args[0];
if (mode.StartsWith("group-", StringComparison.Ordinal))
{
    return GroupProbe.Run(mode);
}

string? refused = null;
var loadOnly = new RuntimeOptions
{
    KeepFreedMemory = false,
    WaitPassively = false,
    Threads = null,
};
try
{
    switch (mode)
    {
        case "load-only":
            ProxylessRuntime.Configure(loadOnly);

            // Settings of the program's own, which a run has to leave alone.
            torch.set_num_threads(3);
            torch.random.manual_seed(7);
            break;
        case "everything":
            ProxylessRuntime.Configure(new RuntimeOptions { Threads = 2 });
            break;
        case "resolver":
            NativeLibrary.SetDllImportResolver(typeof(torch).Assembly, (_, _, _) => 0);
            ProxylessRuntime.Configure();
            break;
    }

    ProxylessRun.Train(
        new RunOptions
        {
            Out = args[1],
            Data = new() { Resolution = 32 },
            Training = new()
            {
                BatchSize = 8,
                Epochs = 0.01,
                Dropout = 0.5,
            },
        },
        "mobilenet-v2",
        NullRunObserver.Instance
    );
}
catch (Exception exception) when (exception is InvalidInputException or InvalidOperationException)
{
    refused = exception.Message;
}

string? policy = NativeProcess.Variable("OMP_WAIT_POLICY");
bool isMapped = NativeProcess.MapsLargeBlocks();
if (refused is not null && mode == "nothing")
{
    // What the message advises.
    ProxylessRuntime.Configure(loadOnly);
    Libtorch.Load();
}

int? threads = null;
double? drawn = null;
if (mode != "resolver")
{
    threads = torch.get_num_threads();
    using torch.Tensor number = torch.rand(1);
    drawn = number.item<float>();
}

Console.WriteLine(
    JsonSerializer.Serialize(
        new
        {
            refused,
            policy,
            isMapped,
            threads,
            drawn,
        }
    )
);
return 0;
