// The whole pipeline from C#: search a network for one thread of this processor, train it, write model.onnx.
// Usage: SearchFromCode [DATA] [OUT] [EPOCHS]
using Proxyless;
using Proxyless.Runs;
using Proxyless.Runtime;

// As the command line does: a faster allocator, threads that sleep while they wait, libtorch on older systems.
ProxylessRuntime.Configure();

var options = new RunOptions
{
    Data = new() { Path = args.ElementAtOrDefault(0) ?? "sample" },
    Out = args.ElementAtOrDefault(1) ?? "runs/from-code",
    Target = new() { Name = "cpu" },
    Search = new() { Epochs = double.Parse(args.ElementAtOrDefault(2) ?? "10") },
    Training = new() { Epochs = double.Parse(args.ElementAtOrDefault(2) ?? "10") },
    Overwrite = true,
};

try
{
    RunResult result = ProxylessRun.Run(options);
    Console.WriteLine(
        $"{result.Model}: top-1 {result.Top1:P1}, {result.LatencyMs:F3} ms of {result.LatencyLimitMs:F3} ms, "
            + $"{result.Parameters:N0} parameters"
    );
    return 0;
}
catch (Exception exception) when (exception is ProxylessException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
