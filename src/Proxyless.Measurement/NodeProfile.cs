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
    /// <exception cref="IOException">
    /// The folder of temporary files, in which the times are recorded, cannot be written.
    /// </exception>
    public NodeProfile(byte[] onnx, int threads = 1, int batch = 1)
    {
        Folder = CreateFolder();
        try
        {
            _model = new OnnxModel(onnx, threads, batch, Path.Combine(Folder, "nodes"));
        }
        catch
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Why the model cannot be loaded counts.
            }

            throw;
        }
    }

    private static string Variable => OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";

    /// <summary>The folder that ONNX Runtime writes to during profiling.</summary>
    internal string Folder { get; }

    /// <summary>Runs the model once.</summary>
    public void Run() => _model.Run();

    /// <summary>Ends the recording.</summary>
    /// <returns>For each run, its nodes in the order of their execution.</returns>
    /// <exception cref="IOException">The record is incomplete: the folder of temporary files is full.</exception>
    public IReadOnlyList<IReadOnlyList<NodeTime>> Finish() => Read(_model.EndProfiling());

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static string CreateFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("proxyless-profile-").FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"the temporary folder '{Path.GetTempPath()}' cannot be written: {exception.Message}; free space "
                    + $"there, or set {Variable} to a folder that can be written",
                exception
            );
        }
    }

    /// <summary>
    /// Reads a record of ONNX Runtime: a JSON array of events in the order of their ends, nodes ("cat": "Node"), each
    /// run closed by a "model_run".
    /// </summary>
    /// <param name="path">Its file.</param>
    /// <returns>For each run, its nodes in the order of their execution.</returns>
    /// <exception cref="IOException">The record is incomplete, as on a full disk.</exception>
    internal static IReadOnlyList<IReadOnlyList<NodeTime>> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            using var events = JsonDocument.Parse(stream);
            return Read(events);
        }
        catch (JsonException exception)
        {
            throw new IOException(
                $"the times that ONNX Runtime has recorded in '{path}' are incomplete; is the temporary folder full? "
                    + $"free space there, or set {Variable} to another folder",
                exception
            );
        }
    }

    private static List<IReadOnlyList<NodeTime>> Read(JsonDocument events)
    {
        const string Suffix = "_kernel_time";
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
