using System.Text.Json;

namespace Proxyless.Measurement;

/// <summary>One execution of one node of a model.</summary>
/// <param name="Name">
/// The node's name after graph optimization, which begins with the name of the node's output in the model.
/// </param>
/// <param name="Microseconds">The time in its kernel, truncated to whole microseconds by ONNX Runtime.</param>
public readonly record struct NodeTime(string Name, double Microseconds);

/// <summary>
/// Runs a model and records the time of each of its nodes <em>inside</em> it, where its input comes from the previous
/// node, in that node's layout. ONNX Runtime measures this itself.
/// </summary>
public sealed class NodeProfile : IDisposable
{
    private readonly OnnxModel _model;

    /// <summary>Loads a model.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="threads">Threads per run.</param>
    /// <param name="batch">The value of dynamic dimensions: images per run.</param>
    public NodeProfile(byte[] onnx, int threads = 1, int batch = 1) =>
        _model = new OnnxModel(onnx, threads, batch, Path.Combine(Folder, "nodes"));

    /// <summary>The folder that ONNX Runtime writes to during profiling.</summary>
    internal string Folder { get; } = Directory.CreateTempSubdirectory("proxyless-profile-").FullName;

    /// <summary>Runs the model once.</summary>
    public void Run() => _model.Run();

    /// <summary>Ends the recording.</summary>
    /// <returns>For each run, its nodes in the order of their execution.</returns>
    public IReadOnlyList<IReadOnlyList<NodeTime>> Finish() => Read(_model.EndProfiling());

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    // A JSON array of events in the order of their ends: nodes ("cat": "Node"), each run closed by a "model_run".
    private static List<IReadOnlyList<NodeTime>> Read(string path)
    {
        const string Suffix = "_kernel_time";
        using FileStream stream = File.OpenRead(path);
        using JsonDocument events = JsonDocument.Parse(stream);
        var runs = new List<IReadOnlyList<NodeTime>>();
        var nodes = new List<NodeTime>();
        foreach (JsonElement entry in events.RootElement.EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            if (name == "model_run")
            {
                runs.Add(nodes);
                nodes = [];
            }
            else if (name.EndsWith(Suffix, StringComparison.Ordinal))
            {
                nodes.Add(new NodeTime(name[..^Suffix.Length], entry.GetProperty("dur").GetDouble()));
            }
        }

        return runs;
    }
}
